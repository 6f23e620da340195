import { describe, expect, it } from "vitest";
import { abortOn, commandsOf, defineSaga, type Saga } from "./define-saga.ts";
import { defineProgress } from "./operation-progress.ts";
import { TripCancelled, TripRequested, tripCommand, tripEvent } from "./saga.fixture.ts";
import type { SagaPart, SagaSteps } from "./saga-step.ts";
import { idOf, tripSaga } from "./trip.fixture.ts";

interface State {
  readonly id: string;
}

function sagaOf(steps: (build: SagaSteps<State>) => readonly SagaPart<State>[], more = {}) {
  return defineSaga("Trip", {
    startedBy: TripRequested,
    start: ({ data }) => ({ id: data.id }),
    steps,
    ...more,
  });
}

const Book = tripCommand("Book");
const booked = ({ step }: SagaSteps<State>, name = "Book") => step(name).invoke(Book, idOf);

describe("the definition of a saga", () => {
  it("has version 1, 30 s and 3 attempts unless it says otherwise", () => {
    const saga = sagaOf((build) => [booked(build)]);
    expect(saga).toMatchObject({ version: 1, patience: { deadlineMs: 30_000, attempts: 3 } });
    const patient = sagaOf((build) => [booked(build)], { version: 4, deadlineMs: 5, attempts: 9 });
    expect(patient).toMatchObject({ version: 4, patience: { deadlineMs: 5, attempts: 9 } });
  });

  it("is started by each of its events, under the event's key, unless it says otherwise", () => {
    const saga = sagaOf((build) => [booked(build)]);
    expect(saga.starts(tripEvent())).toBe(true);
    expect(saga.idOf(tripEvent())).toBe("t1");
    const choosy = sagaOf((build) => [booked(build)], {
      when: ({ data }: { data: { hotel?: boolean } }) => data.hotel === true,
      id: ({ data }: { data: { id: string } }) => `trip-${data.id}`,
    });
    expect([choosy.starts(tripEvent()), choosy.starts(tripEvent({ hotel: true }))]).toEqual([false, true]);
    expect(choosy.idOf(tripEvent())).toBe("trip-t1");
  });

  it("refuses two steps of one name, also among the endings and in a group", () => {
    const message = 'The saga Trip has two steps "Book".';
    expect(() => sagaOf((build) => [booked(build), booked(build)])).toThrow(message);
    expect(() => sagaOf((build) => [build.parallel(booked(build), booked(build))])).toThrow(message);
    const whenCompensated = (build: SagaSteps<State>) => [booked(build)];
    expect(() => sagaOf((build) => [booked(build)], { whenCompensated })).toThrow(message);
  });

  it("refuses a name with a slash, which parts it from the instance's id in the header of its commands", () => {
    const options = { startedBy: TripRequested, start: () => ({ id: "t1" }), steps: () => [] };
    expect(() => defineSaga("trips/Trip", options)).toThrow('"trips/Trip" is not a saga\'s name');
  });

  it("refuses a second pivot, and a pivot in a group", () => {
    expect(() => sagaOf((build) => [booked(build, "A").pivot(), booked(build, "B").pivot()])).toThrow(
      "The saga Trip has more than one pivot.",
    );
    expect(() => sagaOf((build) => [build.parallel(booked(build, "A").pivot(), booked(build, "B"))])).toThrow(
      "The pivot of the saga Trip is in a parallel group.",
    );
  });

  it("keeps earlier versions, and refuses what is none", () => {
    const first = sagaOf((build) => [booked(build)]);
    const second = sagaOf((build) => [booked(build, "Other")], { version: 2, earlier: [first] });
    expect(second.versions.get(1)).toBe(first);
    expect(second.versions.get(2)).toBe(second);
    expect(() => sagaOf((build) => [booked(build)], { earlier: [first] })).toThrow(
      "is not an earlier version",
    );
    const stranger = { ...first, name: "Stranger" } as Saga<never>;
    expect(() => sagaOf((build) => [booked(build)], { version: 2, earlier: [stranger] })).toThrow(
      "is not an earlier version",
    );
  });

  it("says which commands it may send: of steps, compensations, revocations, endings and earlier versions", () => {
    const types = commandsOf(tripSaga() as never).map(({ type }) => type.slice("desk.".length));
    expect(types.sort()).toEqual([
      ...["BookFlight", "BookHotel", "CancelFlight", "CancelHotel", "ChargeCard", "CloseTrip"],
      ...["RefuseCharge", "SendTickets", "TellCustomer"],
    ]);
    const first = sagaOf(({ step }) => [step("Old").invoke(tripCommand("Old"), idOf)]);
    const second = sagaOf((build) => [booked(build), booked(build, "Again")], {
      version: 2,
      earlier: [first],
    });
    expect(commandsOf(second as never).map(({ type }) => type)).toEqual(["desk.Old", "desk.Book"]);
  });
});

describe("a step", () => {
  it("is a new one with each thing said of it", () => {
    sagaOf((build) => {
      const plain = booked(build);
      const patient = plain.within({ attempts: 9 }).within({ deadlineMs: 5 });
      expect([plain.patience, patient.patience]).toEqual([{}, { attempts: 9, deadlineMs: 5 }]);
      expect([plain.isPivot, plain.pivot().isPivot]).toEqual([false, true]);
      return [plain];
    });
  });

  it("accepts refusals by their rules, or as a function says", () => {
    sagaOf((build) => {
      const refusal = { rule: "sold-out", detail: "Nothing is left." };
      const state = { id: "t1" };
      expect(booked(build).accepts(refusal, state)).toBe(false);
      expect(booked(build).accept(["sold-out"]).accepts(refusal, state)).toBe(true);
      expect(booked(build).accept(["other"]).accepts(refusal, state)).toBe(false);
      const accept = ({ detail }: { detail: string }, { id }: State) =>
        detail.includes("left") && id === "t1";
      expect(booked(build).accept(accept).accepts(refusal, state)).toBe(true);
      return [booked(build)];
    });
  });
});

describe("an abort", () => {
  it("concerns every event, for the instance of its key, and notes nothing, unless it says otherwise", () => {
    const abort = abortOn<typeof TripCancelled, State>(TripCancelled, { reason: "cancelled" });
    expect(abort.concerns(tripEvent())).toBe(true);
    expect(abort.idOf(tripEvent())).toBe("t1");
    expect(abort.evolve({ id: "t1" }, tripEvent())).toEqual({ id: "t1" });
  });
});

describe("the contract of progress", () => {
  const { schema, example, key } = { ...defineProgress("trips"), key: defineProgress("trips").keyOf };
  const isValid = (value: unknown) => !("issues" in (schema["~standard"].validate(value) as object));

  it("is an event of its service, keyed by the operation, whose example is valid", () => {
    expect(defineProgress("trips")).toMatchObject({ type: "trips.OperationProgressed", kind: "event" });
    expect(isValid(example)).toBe(true);
    expect(key({ operationId: "o1", steps: [] })).toBe("o1");
  });

  it("refuses what is no progress", () => {
    expect(isValid(null)).toBe(false);
    expect(isValid({ operationId: "o1" })).toBe(false);
    expect(isValid({ operationId: 1, steps: [] })).toBe(false);
    expect(isValid({ operationId: "o1", steps: [{ name: "A", state: "burnt" }] })).toBe(false);
    expect(isValid({ operationId: "o1", steps: [null] })).toBe(false);
    expect(isValid({ operationId: "o1", steps: [{ name: "A", state: "done" }] })).toBe(true);
  });
});
