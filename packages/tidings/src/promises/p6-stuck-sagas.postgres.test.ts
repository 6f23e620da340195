import { listDeadLetters, listSagas } from "@tidings/postgres";
import { abortSaga, resumeSaga } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Sandbox } from "./sandbox.fixture.ts";
import {
  acceptAll,
  allEffects,
  allUndone,
  cards,
  cars,
  desk,
  effectsOf,
  flights,
  hotels,
  owners,
  refuseFor,
  request,
  statesOf,
  TestClock,
  TripCancelled,
  tripOf,
  tripSaga,
  tripStore,
  trips,
  whenTripIs,
} from "./trips.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

/** What a host logs as warnings. */
function warnings() {
  const logged: object[] = [];
  const log = {
    info: () => {},
    warn: (fields: object, message: string) => logged.push({ message, ...fields }),
    error: () => {},
  };
  return { logged, log };
}

it("repeats a failed compensation, shows it as stuck with its reason, over restarts, and ends when it is resumed", {
  timeout: 90_000,
}, async () => {
  const clock = new TestClock();
  const { logged, log } = warnings();
  const services = [desk, trips(), ...owners];
  const host = await sandbox.host(services, { clock, log });
  await refuseFor(sandbox.pool, "cards.Charge", ["trip"]);
  await refuseFor(sandbox.pool, "hotels.Cancel", ["trip"]);
  await request(host, "trip");
  await request(host, "other");
  for (const attempts of [1, 2, 3]) {
    await until(`attempt ${attempts} is refused`, async () => {
      const room = (await tripOf(sandbox.pool, "trip")).steps.find(({ name }) => name === "Room");
      return room?.attempts === attempts && room.reason === "cancel-refused";
    });
    clock.pass(5_000);
  }
  const since = new Date(clock.time.getTime() - 5_000).toISOString();
  const stuck = { step: "Room", reason: "cancel-refused", since };
  expect(await tripOf(sandbox.pool, "trip")).toMatchObject({ status: "compensating", stuck });
  await until("it is logged", () =>
    logged.some((one) => "message" in one && `${one.message}`.includes("stuck")),
  );
  expect(logged).toContainEqual({
    ...{ message: "saga is stuck: it waits for a person", service: "trips", saga: "Trip", id: "trip" },
    ...stuck,
  });
  await whenTripIs(sandbox.pool, "other", "completed");
  await host.close();
  clock.pass(90 * 24 * 60 * 60 * 1_000);
  const again = await sandbox.host(services, { clock });
  await request(again, "marker");
  await whenTripIs(sandbox.pool, "marker", "completed");
  const isKept = async () => (await listSagas(sandbox.pool, tripStore)).some(({ id }) => id === "other");
  await until("the one that has ended is forgotten", async () => !(await isKept()));
  expect(await listSagas(sandbox.pool, tripStore, { isStuck: true })).toMatchObject([{ id: "trip", stuck }]);
  await acceptAll(sandbox.pool, "hotels");
  await again.transaction("trips", (tx) => resumeSaga(tx, tripSaga(), "trip"));
  expect(await whenTripIs(sandbox.pool, "trip", "compensated")).toMatchObject({ reason: "charge-refused" });
  expect(await effectsOf(sandbox.pool, "trip")).toEqual(allUndone);
  expect(await listSagas(sandbox.pool, tripStore, { isStuck: true })).toEqual([]);
});

it("is stuck after its pivot, never undone, and goes on when it is resumed", async () => {
  const clock = new TestClock();
  const saga = tripSaga({ attempts: 1 });
  const host = await sandbox.host([desk, trips(saga), ...owners], { clock });
  await refuseFor(sandbox.pool, "flights.Issue", ["trip"]);
  await request(host, "trip");
  const stuck = await until("it is stuck", async () => (await tripOf(sandbox.pool, "trip")).stuck);
  expect(stuck).toMatchObject({ step: "Ticket", reason: "issue-refused" });
  await host.transaction("trips", (tx) => abortSaga(tx, saga, "trip", "no-time"));
  await acceptAll(sandbox.pool, "flights");
  await host.transaction("trips", (tx) => resumeSaga(tx, saga, "trip"));
  expect(await whenTripIs(sandbox.pool, "trip", "completed")).toMatchObject({ aborted: false });
  expect(await effectsOf(sandbox.pool, "trip")).toEqual(allEffects);
});

it("shows an instance as stuck whose definition throws at a deadline; the others' deadlines pass", async () => {
  const clock = new TestClock();
  let isBroken = true;
  const saga = tripSaga({ deadlineMs: 30_000 });
  const [[flight]] = saga.parts as never as [[(typeof saga.parts)[0][0]]];
  const dataOf = (state: { trip: string }) => {
    if (isBroken && state.trip === "broken" && clock.time.getUTCSeconds() > 0) throw new Error("A mistake.");
    return { trip: state.trip };
  };
  const brittle = {
    ...saga,
    parts: [[{ ...flight, command: { ...flight.command, dataOf } }], ...saga.parts.slice(1)],
    versions: new Map(),
  };
  brittle.versions.set(1, brittle);
  const host = await sandbox.host([desk, trips(brittle as never)], { clock });
  for (const trip of ["broken", "other"]) await request(host, trip);
  await until("both have begun", async () => (await listSagas(sandbox.pool, tripStore)).length === 2);
  clock.pass(30_000);
  const stuck = await until("one is stuck", async () => (await tripOf(sandbox.pool, "broken")).stuck);
  expect(stuck).toMatchObject({ step: "Flight", reason: "A mistake." });
  await until(
    "the other sends its command again",
    async () => (await tripOf(sandbox.pool, "other")).steps[0]?.attempts === 2,
  );
  isBroken = false;
  await host.transaction("trips", (tx) => resumeSaga(tx, brittle as never, "broken"));
  await sandbox.host(owners, { clock });
  for (const trip of ["broken", "other"]) await whenTripIs(sandbox.pool, trip, "completed");
});

/** Version 2 has neither room nor car. */
function second(earlier: readonly ReturnType<typeof tripSaga>[]) {
  const saga = tripSaga({ version: 2, earlier });
  const short = { ...saga, parts: saga.parts.filter((part) => part.length === 1) };
  (saga.versions as Map<number, unknown>).set(2, short);
  return short;
}

it("goes on by the definition that it began with, also when it is aborted, and a new one by the new", async () => {
  const first = tripSaga();
  const old = await sandbox.host([desk, trips(first), flights, cars, cards]);
  for (const trip of ["old", "aborted"]) {
    await request(old, trip);
    await until("the car is reserved", async () => statesOf(await tripOf(sandbox.pool, trip)).Car === "done");
  }
  await old.close();
  const host = await sandbox.host([desk, trips(second([first])), flights, cars, cards]);
  await request(host, "new");
  await host.transaction("desk", async (tx) => tx.publish(TripCancelled, { trip: "aborted" }));
  await whenTripIs(sandbox.pool, "new", "completed");
  await until("it is aborted", async () => (await tripOf(sandbox.pool, "aborted")).aborted);
  await sandbox.host([hotels]);
  expect(await whenTripIs(sandbox.pool, "old", "completed")).toMatchObject({ definition: 1 });
  expect(await whenTripIs(sandbox.pool, "aborted", "compensated")).toMatchObject({ definition: 1 });
  expect(await tripOf(sandbox.pool, "new")).toMatchObject({ definition: 2 });
  expect(await effectsOf(sandbox.pool, "old")).toEqual(allEffects);
  expect(await effectsOf(sandbox.pool, "aborted")).toEqual(allUndone);
  expect(Object.keys(await effectsOf(sandbox.pool, "new"))).toEqual(["flights", "cards"]);
});

it("is retried, not lost, while only a program runs that does not have its definition", async () => {
  const first = tripSaga();
  const old = await sandbox.host([desk, trips(first)]);
  await request(old, "trip");
  await until("it has begun", () => tripOf(sandbox.pool, "trip"));
  await old.close();
  const { logged, log } = warnings();
  const wrong = await sandbox.host([desk, trips(second([])), ...owners], { log });
  const code = await until("its reply has failed", () =>
    logged.map((one) => (one as { err?: { code?: string } }).err?.code).find((one) => one !== undefined),
  );
  expect(code).toBe("saga-version-unknown");
  await request(wrong, "new");
  await whenTripIs(sandbox.pool, "new", "completed");
  expect(statesOf(await tripOf(sandbox.pool, "trip"))).toMatchObject({ Flight: "running" });
  await wrong.close();
  await sandbox.host([desk, trips(second([first])), ...owners]);
  await whenTripIs(sandbox.pool, "trip", "completed");
  expect(await effectsOf(sandbox.pool, "trip")).toEqual(allEffects);
  expect(await listDeadLetters(sandbox.pool, tripStore)).toEqual([]);
});
