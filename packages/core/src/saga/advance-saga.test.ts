import { describe, expect, it } from "vitest";
import { advanceSaga } from "./advance-saga.ts";
import { done, refused, SagaRun, tripEvent } from "./saga.fixture.ts";
import { groupSaga, tripSaga } from "./trip.fixture.ts";

const bookedAll = (run: SagaRun) => {
  run.answer("BookFlight");
  run.answer("BookHotel");
};

describe("a saga goes forward", () => {
  it("sends the command of each step when the one before it is done, and completes after the last", () => {
    const run = new SagaRun(tripSaga());
    const expected = ["BookFlight", "BookHotel", "ChargeCard", "SendTickets"];
    for (const [index, name] of expected.entries()) {
      expect(run.names).toEqual(expected.slice(0, index + 1));
      expect(run.instance.status).toBe("running");
      run.answer(name);
    }
    expect(run.instance.status).toBe("completed");
    expect(run.names).toEqual(expected);
    expect(run.states).toMatchObject({ Flight: "done", Tickets: "done", Close: "pending" });
  });

  it("keeps what a reply says in the state, from which later commands take their data", () => {
    const run = new SagaRun(tripSaga());
    run.answer("BookFlight", { outcome: "done", result: { code: "LH1" } });
    expect(run.instance.state).toEqual({ id: "t1", hotel: true, flightCode: "LH1" });
    expect(run.sent.at(-1)?.data).toEqual({ id: "t1" });
  });

  it("skips a step that is not wanted when its turn comes", () => {
    const run = new SagaRun(tripSaga(), tripEvent({ hotel: false }));
    run.answer("BookFlight");
    expect(run.names).toEqual(["BookFlight", "ChargeCard"]);
    expect(run.step("Hotel")).toMatchObject({ state: "skipped", attempts: 0, sent: [] });
    run.answer("ChargeCard", refused());
    expect(run.names.slice(2), "a skipped step is not undone").toEqual(["CancelFlight"]);
  });

  it("takes a refusal that the step accepts for done", () => {
    const run = new SagaRun(tripSaga());
    run.answer("BookFlight");
    run.answer("BookHotel", refused("booked-by-phone"));
    expect(run.step("Hotel").state).toBe("done");
    run.answer("ChargeCard");
    run.answer("SendTickets", refused("sent-by-post"));
    expect(run.instance.status).toBe("completed");
  });

  it("says when each step came to its state, and by when it wants an answer", () => {
    const run = new SagaRun(tripSaga({ deadlineMs: 5_000 }));
    const at = "2030-01-01T00:00:00.000Z";
    const deadline = "2030-01-01T00:00:05.000Z";
    expect(run.step("Flight")).toMatchObject({ state: "running", at, deadline, attempts: 1 });
    run.now = new Date("2030-01-01T00:00:01Z");
    run.answer("BookFlight");
    expect(run.step("Flight")).toMatchObject({
      state: "done",
      at: "2030-01-01T00:00:01.000Z",
      deadline: null,
    });
  });
});

describe("a parallel group", () => {
  it("sends all its commands together, and goes on when all of them are answered, in any order", () => {
    const run = new SagaRun(groupSaga);
    const move = run.answer("BookFlight");
    expect(move.commands).toHaveLength(3);
    run.answer("BookShow");
    run.answer("BookHotel");
    expect(run.names).not.toContain("ChargeCard");
    run.answer("BookCar");
    expect(run.names.at(-1)).toBe("ChargeCard");
    expect(run.instance.state).toMatchObject({ codes: ["Flight", "Show", "Hotel", "Car"] });
  });

  it("waits for all answers when one is refused, then undoes those that were done, in reverse", () => {
    const run = new SagaRun(groupSaga);
    run.answer("BookFlight");
    run.answer("BookCar", refused());
    run.answer("BookShow");
    expect(run.names.filter((name) => name.startsWith("Cancel"))).toEqual([]);
    run.answer("BookHotel");
    const undone = ["CancelShow", "CancelHotel", "CancelFlight"];
    for (const [index, name] of undone.entries()) {
      expect(run.names.slice(4)).toEqual(undone.slice(0, index + 1));
      run.answer(name);
    }
    expect(run.instance).toMatchObject({ status: "compensated", reason: "sold-out" });
  });

  it("undoes for the reason of the first failure", () => {
    const run = new SagaRun(groupSaga);
    run.answer("BookFlight");
    run.answer("BookCar", refused("no-car"));
    run.answer("BookShow", refused("no-show"));
    run.answer("BookHotel", refused("no-hotel"));
    run.answer("CancelFlight");
    expect(run.instance).toMatchObject({ status: "compensated", reason: "no-car" });
  });
});

describe("a reply that nobody waits for", () => {
  it("changes nothing when it is a duplicate, answers an earlier step, or an unknown command", () => {
    const run = new SagaRun(tripSaga());
    bookedAll(run);
    for (const outcome of [done, refused()]) {
      for (const command of run.sent.slice(0, 2)) {
        const before = run.instance;
        expect(run.reply(command, outcome)).toEqual({ instance: before, commands: [] });
        expect(run.instance).toBe(before);
      }
    }
    const before = run.instance;
    run.input({ type: "reply", commandId: "unknown", outcome: done });
    expect(run.instance).toBe(before);
  });

  it("changes nothing of an instance that has ended, like any other input", () => {
    const run = new SagaRun(tripSaga());
    bookedAll(run);
    run.answer("ChargeCard");
    run.answer("SendTickets");
    const before = run.instance;
    for (const command of run.sent) run.reply(command, refused());
    run.abort();
    run.resume();
    run.pass(1_000_000);
    expect(run.instance).toBe(before);
    expect(run.sent).toHaveLength(4);
  });

  it("does not change the instance that it was given", () => {
    const run = new SagaRun(tripSaga());
    const before = structuredClone(run.instance);
    const context = { now: run.now, newId: () => "next" };
    const input = { type: "reply", commandId: run.sent[0]?.id ?? "", outcome: done } as const;
    const given = run.instance;
    advanceSaga(tripSaga() as never, given, input, context);
    expect(given).toEqual(before);
  });
});
