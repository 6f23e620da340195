import { describe, expect, it } from "vitest";
import { refused, SagaRun } from "./saga.fixture.ts";
import { nextDeadline, stuckAt } from "./saga-instance.ts";
import { groupSaga, tripSaga } from "./trip.fixture.ts";

function atPivot(options: Parameters<typeof tripSaga>[0] = {}): SagaRun {
  const run = new SagaRun(tripSaga({ deadlineMs: 1_000, attempts: 3, ...options }));
  run.answer("BookFlight");
  run.answer("BookHotel");
  return run;
}

function pass(run: SagaRun, times: number): void {
  for (let time = 0; time < times; time++) run.pass(1_000);
}

describe("a step that nobody answers", () => {
  it("changes nothing before its deadline", () => {
    const run = new SagaRun(tripSaga());
    const before = run.instance;
    run.pass(29_999);
    expect(run.instance).toBe(before);
    run.pass(1);
    expect(run.names).toEqual(["BookFlight", "BookFlight"]);
  });

  it("is sent as often as `attempts` says, then undoes, and its own compensation is sent too", () => {
    const run = new SagaRun(tripSaga({ deadlineMs: 1_000, attempts: 3 }));
    run.answer("BookFlight");
    pass(run, 2);
    expect(run.names).toEqual(["BookFlight", "BookHotel", "BookHotel", "BookHotel"]);
    pass(run, 1);
    expect(run.names.at(-1)).toBe("CancelHotel");
    expect(run.reason).toBe("timed-out");
    run.answer("CancelHotel");
    run.answer("CancelFlight");
    run.answer("CloseTrip");
    run.answer("TellCustomer");
    expect(run.instance.status).toBe("compensated");
  });

  it("is done when any of its commands is answered, and later answers to the others change nothing", () => {
    const run = new SagaRun(tripSaga());
    run.pass(30_000);
    const [first, second] = run.sent;
    if (second) run.reply(second);
    expect(run.names.at(-1)).toBe("BookHotel");
    const before = run.instance;
    if (first) run.reply(first, refused());
    expect(run.instance).toBe(before);
  });

  it("has failed for good: a late answer to it changes nothing while it is undone", () => {
    const run = new SagaRun(tripSaga({ deadlineMs: 1_000, attempts: 1 }));
    pass(run, 1);
    expect(run.names.at(-1)).toBe("CancelFlight");
    const before = run.instance;
    run.answer("BookFlight");
    expect(run.instance).toBe(before);
  });

  it("fails for the reason of a refusal of one of its commands when the others remain unanswered", () => {
    const run = new SagaRun(tripSaga({ deadlineMs: 1_000, attempts: 2 }));
    pass(run, 1);
    run.answer("BookFlight", refused());
    pass(run, 1);
    expect(run.reason).toBe("sold-out");
    expect(run.names.at(-1), "nobody knows whether the other was carried out").toBe("CancelFlight");
  });

  it("has a patience of its own in a group: only the unanswered ones are sent again", () => {
    const run = new SagaRun(groupSaga);
    run.answer("BookFlight");
    run.answer("BookCar");
    run.pass(30_000);
    expect(run.names.slice(4)).toEqual(["BookHotel", "BookShow"]);
  });
});

describe("a pivot that nobody answers", () => {
  it("is called back, and undone when that is done", () => {
    const run = atPivot();
    pass(run, 3);
    expect(run.names.slice(2)).toEqual(["ChargeCard", "ChargeCard", "ChargeCard", "RefuseCharge"]);
    expect(run.instance.status).toBe("running");
    expect(run.step("Charge")).toMatchObject({ state: "revoking", attempts: 1 });
    run.answer("RefuseCharge");
    expect(run.step("Charge").state).toBe("timed-out");
    expect(run.names.at(-1)).toBe("CancelHotel");
  });

  it("goes on when its own late reply says that it was done", () => {
    const run = atPivot();
    pass(run, 3);
    run.answer("ChargeCard");
    expect(run.names.at(-1)).toBe("SendTickets");
    const before = run.instance;
    run.answer("RefuseCharge", refused());
    expect(run.instance).toBe(before);
  });

  it("undoes when all its own late replies are refusals", () => {
    const run = atPivot({ attempts: 2 });
    pass(run, 2);
    run.answer("ChargeCard", refused("card-declined"));
    expect(run.step("Charge").state, "the other may have been carried out").toBe("revoking");
    run.answer("ChargeCard", refused("card-declined"));
    expect(run.step("Charge").state).toBe("refused");
    expect(run.names.at(-1)).toBe("CancelHotel");
  });

  it("is called back again when that is refused or not answered, and then it is stuck", () => {
    const run = atPivot({ attempts: 2 });
    pass(run, 2);
    run.answer("RefuseCharge", refused("not-now"));
    pass(run, 2);
    expect(run.names.filter((name) => name === "RefuseCharge")).toHaveLength(2);
    expect(stuckAt(run.instance)).toEqual({
      ...{ step: "Charge", reason: "timed-out" },
      since: run.now.toISOString(),
    });
    run.resume();
    run.answer("RefuseCharge");
    expect(run.names.at(-1)).toBe("CancelHotel");
  });

  it("without a way to call it back is stuck, and a late reply decides", () => {
    for (const [outcome, next] of [
      [undefined, "SendTickets"],
      [refused(), "CancelHotel"],
    ] as const) {
      const run = atPivot({ revoke: false, attempts: 1 });
      pass(run, 1);
      expect(stuckAt(run.instance)).toMatchObject({ step: "Charge", reason: "timed-out" });
      expect(nextDeadline(run.instance)).toBeNull();
      run.answer("ChargeCard", outcome);
      expect(run.names.at(-1)).toBe(next);
    }
  });
});

describe("the next deadline", () => {
  it("is the first of those of all its steps", () => {
    const run = new SagaRun(groupSaga);
    run.answer("BookFlight");
    run.now = new Date("2030-01-01T00:00:10Z");
    run.answer("BookShow");
    expect(nextDeadline(run.instance)).toBe("2030-01-01T00:00:30.000Z");
    expect(stuckAt(run.instance)).toBeUndefined();
  });
});

describe("a fault of the definition at a deadline", () => {
  it("makes the due steps stuck with what went wrong, until they are resumed", () => {
    const run = new SagaRun(groupSaga);
    run.answer("BookFlight");
    run.answer("BookCar");
    const before = run.instance;
    run.input({ type: "fault", reason: "id is undefined" });
    expect(run.instance, "nothing is due").toBe(before);
    run.now = new Date(run.now.getTime() + 30_000);
    run.input({ type: "fault", reason: "id is undefined" });
    expect(stuckAt(run.instance)).toMatchObject({ step: "Hotel", reason: "id is undefined" });
    expect(nextDeadline(run.instance)).toBeNull();
    run.resume();
    expect(run.names.slice(4)).toEqual(["BookHotel", "BookShow"]);
  });
});
