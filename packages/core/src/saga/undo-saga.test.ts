import { describe, expect, it } from "vitest";
import { refused, SagaRun } from "./saga.fixture.ts";
import { tripSaga } from "./trip.fixture.ts";

/** At the card: flight and hotel are booked. */
function atPivot(options: Parameters<typeof tripSaga>[0] = {}): SagaRun {
  const run = new SagaRun(tripSaga(options));
  run.answer("BookFlight");
  run.answer("BookHotel");
  return run;
}

describe("a refusal up to the pivot", () => {
  it("undoes what was done one by one in reverse, then sends the endings with the reason", () => {
    const run = atPivot();
    run.answer("ChargeCard", refused("card-declined"));
    const expected = ["CancelHotel", "CancelFlight", "CloseTrip", "TellCustomer"];
    for (const [index, name] of expected.entries()) {
      expect(run.names.slice(3)).toEqual(expected.slice(0, index + 1));
      expect(run.instance.status).toBe("compensating");
      run.answer(name);
    }
    expect(run.instance).toMatchObject({ status: "compensated", reason: "card-declined" });
    expect(run.states).toEqual({
      ...{ Flight: "undone", Hotel: "undone", Charge: "refused", Tickets: "pending" },
      ...{ Close: "done", Tell: "done" },
    });
    const reasons = run.sent.map(({ data }) => (data as { reason?: string }).reason);
    expect(reasons).toEqual([
      ...[undefined, undefined, undefined, undefined],
      ...["card-declined", "card-declined", undefined],
    ]);
  });

  it("of the first step leaves nothing to undo", () => {
    const run = new SagaRun(tripSaga());
    run.answer("BookFlight", refused());
    expect(run.names).toEqual(["BookFlight", "CloseTrip"]);
  });

  it("counts only when no other command of the step may still be carried out", () => {
    const run = atPivot();
    run.pass(30_000);
    run.answer("ChargeCard", refused("card-declined"));
    expect(run.instance.status, "the second charge is not answered yet").toBe("running");
    run.answer("ChargeCard");
    expect(run.names.at(-1)).toBe("SendTickets");
    const other = new SagaRun(tripSaga());
    other.pass(30_000);
    other.answer("BookFlight", refused());
    other.answer("BookFlight", refused("no-plane"));
    expect(other.states).toMatchObject({ Flight: "refused", Close: "running" });
    expect(other.reason).toBe("no-plane");
  });
});

describe("after the pivot", () => {
  it("a refused step is sent again with a growing delay, and then it is stuck until it is resumed", () => {
    const run = atPivot();
    run.answer("ChargeCard");
    for (const delay of [1_000, 2_000]) {
      run.answer("SendTickets", refused("printer-broken"));
      run.pass(delay - 1);
      const before = run.sent.length;
      run.pass(1);
      expect(run.sent.length, `sent again after ${delay} ms`).toBe(before + 1);
    }
    run.answer("SendTickets", refused("printer-broken"));
    expect(run.step("Tickets")).toMatchObject({
      ...{ state: "running", reason: "printer-broken", deadline: null },
      stuckSince: run.now.toISOString(),
    });
    run.pass(1_000_000);
    expect(run.names.filter((name) => name === "SendTickets")).toHaveLength(3);
    run.resume();
    expect(run.step("Tickets").stuckSince).toBeUndefined();
    expect(run.step("Tickets").attempts).toBe(1);
    run.answer("SendTickets");
    expect(run.instance.status).toBe("completed");
    expect(run.names).not.toContain("CancelFlight");
  });

  it("an unanswered step is sent as often as it may be, and then it is stuck", () => {
    const run = atPivot({ attempts: 2 });
    run.answer("ChargeCard");
    run.pass(30_000);
    run.pass(30_000);
    expect(run.step("Tickets")).toMatchObject({ reason: "timed-out", attempts: 2, state: "running" });
    expect(run.step("Tickets").stuckSince).toBeDefined();
    run.answer("SendTickets");
    expect(run.instance.status, "a late reply").toBe("completed");
  });
});

describe("a compensation that is refused", () => {
  it("is repeated, then stuck, and a late reply to an earlier one makes it go on", () => {
    const run = atPivot();
    run.answer("ChargeCard", refused());
    run.pass(30_000);
    run.answer("CancelHotel", refused("desk-closed"));
    run.pass(2_000);
    run.answer("CancelHotel", refused("desk-closed"));
    expect(run.step("Hotel")).toMatchObject({ state: "undoing", reason: "desk-closed", deadline: null });
    expect(run.instance.status).toBe("compensating");
    expect(run.names.at(-1), "nothing goes on without it").toBe("CancelHotel");
    run.answer("CancelHotel");
    expect(run.names.at(-1)).toBe("CancelFlight");
    expect(run.step("Hotel").stuckSince).toBeUndefined();
  });

  it("changes nothing when it is resumed although it is not stuck", () => {
    const run = atPivot();
    run.answer("ChargeCard", refused());
    const before = run.instance;
    run.resume();
    expect(run.instance).toBe(before);
  });
});

describe("an abort from outside", () => {
  it("lets the running step finish, then undoes, that step too", () => {
    const run = new SagaRun(tripSaga());
    run.answer("BookFlight");
    run.abort("cancelled");
    expect(run.names.at(-1)).toBe("BookHotel");
    run.answer("BookHotel");
    expect(run.names.at(-1)).toBe("CancelHotel");
    run.answer("CancelHotel");
    run.answer("CancelFlight");
    run.answer("CloseTrip");
    run.answer("TellCustomer");
    expect(run.instance).toMatchObject({ status: "compensated", reason: "cancelled", aborted: true });
  });

  it("undoes the rest when the running step is refused, for the reason of the abort", () => {
    const run = new SagaRun(tripSaga());
    run.answer("BookFlight");
    run.abort("cancelled");
    run.answer("BookHotel", refused());
    expect(run.names.at(-1)).toBe("CancelFlight");
    expect(run.reason).toBe("cancelled");
  });

  it("comes too late when the pivot is done, also when that was under way", () => {
    const run = atPivot();
    run.abort();
    run.answer("ChargeCard");
    expect(run.names.at(-1)).toBe("SendTickets");
    const before = run.instance;
    run.abort("again");
    expect(run.instance).toBe(before);
    run.answer("SendTickets");
    expect(run.instance.status).toBe("completed");
  });

  it("of an instance that undoes changes which endings apply, not the reason", () => {
    const run = atPivot();
    run.answer("ChargeCard", refused("card-declined"));
    run.abort("cancelled", (state) => ({ ...(state as object), cancelled: true }));
    run.answer("CancelHotel");
    run.answer("CancelFlight");
    run.answer("CloseTrip");
    expect(run.instance).toMatchObject({ status: "compensated", reason: "card-declined" });
    expect(run.names).not.toContain("TellCustomer");
  });
});
