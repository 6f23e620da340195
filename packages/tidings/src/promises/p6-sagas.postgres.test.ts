import { type Message, uuidv7 } from "@tidings/core";
import { listSagas, storeOf } from "@tidings/postgres";
import { abortSaga, recordMessages } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Host } from "../host.ts";
import { randomFrom, seed } from "./random.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";
import {
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
  TripRequested,
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

/** Messages of a service's log, as they were recorded. */
async function logOf(service: string, where: string, values: unknown[] = []): Promise<Message[]> {
  const { rows } = await sandbox.pool.query(
    `select id, kind, type, version, '${service}' as source, key, time, data, correlation_id as "correlationId",
       causation_id as "causationId", headers from ${service}.tidings_outbox where ${where} order by position`,
    values,
  );
  return rows.map((row) => ({ ...row, time: row.time.toISOString() }));
}

/** Records copies of messages, as if they had been sent again, and waits until everybody has read them. */
async function repeat(host: Host, service: string, messages: readonly Message[]): Promise<void> {
  const copies = messages.map((message) => ({ ...message, id: uuidv7() }));
  await sandbox.pool.query(recordMessages(storeOf(service, 32), copies));
  const position = `select max(position)::int as position from ${service}.tidings_outbox`;
  const { rows } = await sandbox.pool.query(position);
  host.runtime(service).recordedIn(Array.from({ length: 32 }, (_, partition) => partition));
  await until("all is read", async () => {
    const reader = service === "trips" ? "flights" : "trips";
    const read = await sandbox.pool.query(
      `select max(position)::int as position from ${reader}.tidings_cursors where source = $1`,
      [service],
    );
    return read.rows[0].position >= rows[0].position;
  });
}

it("completes, or undoes in reverse when a step is refused", async () => {
  const host = await sandbox.host([desk, trips(), ...owners]);
  await refuseFor(sandbox.pool, "cards.Charge", ["bad"]);
  await request(host, "good");
  await request(host, "bad");
  const good = await whenTripIs(sandbox.pool, "good", "completed");
  expect(statesOf(good)).toMatchObject({ Flight: "done", Ticket: "done", Close: "pending" });
  expect(await effectsOf(sandbox.pool, "good")).toEqual(allEffects);
  const bad = await whenTripIs(sandbox.pool, "bad", "compensated");
  expect(bad).toMatchObject({ reason: "charge-refused", stuck: undefined });
  expect(await effectsOf(sandbox.pool, "bad")).toEqual(allUndone);
  const undoing = await logOf("trips", "kind = 'command' and key = 'bad'");
  expect(undoing.slice(4).map(({ type }) => type)).toEqual([
    ...["cars.Cancel", "hotels.Cancel", "flights.Cancel", "desk.Close"],
  ]);
});

it("takes a reply once, whether it is repeated at once, later, or after the end", async () => {
  const host = await sandbox.host([desk, trips(), ...owners.filter((owner) => owner !== cards)]);
  await request(host, "trip");
  await until(
    "the card is to be charged",
    async () => statesOf(await tripOf(sandbox.pool, "trip")).Card === "running",
  );
  const before = await tripOf(sandbox.pool, "trip");
  const refusal = { outcome: "refused", rule: "never", detail: "No." };
  for (const service of ["flights", "hotels", "cars"]) {
    const replies = await logOf(service, "kind = 'reply'");
    expect(replies).toHaveLength(1);
    await repeat(host, service, [...replies, ...replies.map((reply) => ({ ...reply, data: refusal }))]);
  }
  expect(await tripOf(sandbox.pool, "trip"), "nobody waits for them").toEqual(before);
  await sandbox.host([cards]);
  const ended = await whenTripIs(sandbox.pool, "trip", "completed");
  await repeat(host, "flights", await logOf("flights", "kind = 'reply'"));
  expect(await tripOf(sandbox.pool, "trip")).toEqual(ended);
  expect(await logOf("trips", "kind = 'command'")).toHaveLength(5);
  expect(await effectsOf(sandbox.pool, "trip")).toEqual(allEffects);
});

it("goes on once when the very same command is handled and answered twice", async () => {
  const host = await sandbox.host([desk, trips()]);
  await request(host, "trip");
  await until("the command is sent", async () => (await logOf("trips", "kind = 'command'")).length === 1);
  const [command] = await logOf("trips", "kind = 'command'");
  await sandbox.host(owners);
  await whenTripIs(sandbox.pool, "trip", "completed");
  await sandbox.pool.query(recordMessages(tripStore, command ? [command] : []));
  await until("it is answered twice", async () => {
    const replies = await logOf("flights", "kind = 'reply' and causation_id = $1", [command?.id]);
    return replies.length === 2;
  });
  await request(host, "marker");
  await whenTripIs(sandbox.pool, "marker", "completed");
  expect(await effectsOf(sandbox.pool, "trip")).toEqual(allEffects);
  const commands = await logOf("trips", "kind = 'command' and key = 'trip'");
  expect(new Set(commands.map(({ id }) => id)).size).toBe(5);
});

it("waits for a whole parallel group, in whatever order it is answered", async () => {
  const host = await sandbox.host([desk, trips(), flights, cars]);
  await refuseFor(sandbox.pool, "cars.Reserve", ["no-car"]);
  await request(host, "trip");
  await request(host, "no-car");
  for (const [trip, state] of [
    ["trip", "done"],
    ["no-car", "refused"],
  ] as const) {
    await until(
      "the car's owner has answered",
      async () => statesOf(await tripOf(sandbox.pool, trip)).Car === state,
    );
    expect(await tripOf(sandbox.pool, trip)).toMatchObject({ status: "running" });
    expect(await logOf("trips", "kind = 'command' and key = $1", [trip])).toHaveLength(3);
  }
  await sandbox.host([hotels, cards]);
  await whenTripIs(sandbox.pool, "trip", "completed");
  expect(await whenTripIs(sandbox.pool, "no-car", "compensated")).toMatchObject({
    reason: "reserve-refused",
  });
  expect(await effectsOf(sandbox.pool, "no-car")).toEqual({ ...allUndone, cars: undefined });
});

const impatient = { deadlineMs: 30_000, attempts: 2 };

it("sends a command again when a deadline passes while nobody runs, and undoes when none is answered", async () => {
  const clock = new TestClock();
  const services = [desk, trips(tripSaga(impatient)), ...owners.filter((owner) => owner !== hotels)];
  const first = await sandbox.host(services, { clock });
  await request(first, "trip");
  const isRoomAsked = async () => (await logOf("trips", "type = 'hotels.Reserve'")).length;
  await until("the room is asked for", isRoomAsked);
  await until("the car is reserved", async () => statesOf(await tripOf(sandbox.pool, "trip")).Car === "done");
  await first.close();
  clock.pass(30_000);
  const second = await sandbox.host(services, { clock });
  await until("it is asked for again", async () => (await isRoomAsked()) === 2);
  expect(statesOf(await tripOf(sandbox.pool, "trip")).Room).toBe("running");
  await second.close();
  clock.pass(30_000);
  await sandbox.host(services, { clock });
  await until("it is undone", async () => (await logOf("trips", "type = 'hotels.Cancel'")).length === 1);
  await sandbox.host([hotels], { clock });
  expect(await whenTripIs(sandbox.pool, "trip", "compensated")).toMatchObject({ reason: "timed-out" });
  const undone = ["reserved", "cancelled"];
  expect(await effectsOf(sandbox.pool, "trip"), "the late owner did and undid it").toEqual({
    ...allUndone,
    hotels: undone,
  });
});

it("calls back a pivot that is not answered; an owner that answers late has then done nothing", async () => {
  const clock = new TestClock();
  const host = await sandbox.host(
    [desk, trips(tripSaga({ ...impatient, attempts: 1 })), flights, hotels, cars],
    { clock },
  );
  await request(host, "trip");
  await until(
    "the card is to be charged",
    async () => statesOf(await tripOf(sandbox.pool, "trip")).Card === "running",
  );
  clock.pass(30_000);
  await until(
    "the charge is called back",
    async () => (await logOf("trips", "type = 'cards.Void'")).length === 1,
  );
  await sandbox.host([cards], { clock });
  const ended = await until("it has ended", async () => {
    const saga = await tripOf(sandbox.pool, "trip");
    return saga.endedAt && saga;
  });
  expect(ended.status, "the charge came first, so it is done").toBe("completed");
  expect(await effectsOf(sandbox.pool, "trip")).toEqual(allEffects);
});

it("is aborted by an event, or by hand, and undoes what was done; not after its pivot", async () => {
  const host = await sandbox.host([desk, trips(), flights, cars, cards]);
  for (const trip of ["event", "hand"]) {
    await request(host, trip);
    await until("the car is reserved", async () => statesOf(await tripOf(sandbox.pool, trip)).Car === "done");
  }
  await host.transaction("desk", async (tx) => tx.publish(TripCancelled, { trip: "event" }));
  await host.transaction("trips", (tx) => abortSaga(tx, tripSaga(), "hand", "no-time"));
  await until("the event is handled", async () => (await tripOf(sandbox.pool, "event")).aborted);
  expect((await tripOf(sandbox.pool, "event")).status, "it waits for the room").toBe("running");
  await sandbox.host([hotels]);
  expect(await whenTripIs(sandbox.pool, "event", "compensated")).toMatchObject({
    ...{ reason: "trip-cancelled", state: { cancelled: true } },
  });
  expect(await whenTripIs(sandbox.pool, "hand", "compensated")).toMatchObject({ reason: "no-time" });
  for (const trip of ["event", "hand"]) expect(await effectsOf(sandbox.pool, trip)).toEqual(allUndone);
  await request(host, "late");
  const ended = await whenTripIs(sandbox.pool, "late", "completed");
  await host.transaction("trips", (tx) => abortSaga(tx, tripSaga(), "late", "no-time"));
  expect(await tripOf(sandbox.pool, "late")).toEqual(ended);
});

it("starts nothing for an event whose instance exists", async () => {
  const host = await sandbox.host([desk, trips(), ...owners]);
  await host.transaction("desk", async (tx) => {
    for (const trip of ["trip", "trip"]) tx.publish(TripRequested, { trip });
  });
  await whenTripIs(sandbox.pool, "trip", "completed");
  await request(host, "trip");
  await request(host, "marker");
  await whenTripIs(sandbox.pool, "marker", "completed");
  expect(await logOf("trips", "kind = 'command' and key = 'trip'")).toHaveLength(5);
  expect(await listSagas(sandbox.pool, tripStore)).toHaveLength(2);
});

it("ends each of 1,000 sagas in one state, shared by two hosts, with its effects once or undone", {
  timeout: 120_000,
}, async () => {
  const services = [desk, trips(), ...owners];
  const hosts = await Promise.all([sandbox.host(services), sandbox.host(services)]);
  const random = randomFrom(seed);
  const names = Array.from({ length: 1_000 }, (_, index) => `trip-${index}`);
  const steps = ["flights.Reserve", "hotels.Reserve", "cars.Reserve", "cards.Charge"];
  const refused = new Map(steps.map((step) => [step, names.filter(() => random() < 0.1)]));
  for (const [step, unlucky] of refused) await refuseFor(sandbox.pool, step, unlucky);
  await Promise.all(names.map((trip, index) => request(hosts[index % 2] as Host, trip)));
  await until(
    "all have ended",
    async () => {
      const { rows } = await sandbox.pool.query(
        "select count(*)::int as count from trips.tidings_sagas where ended_at is not null",
      );
      return rows[0].count === names.length;
    },
    { timeout: 90_000, interval: 100 },
  );
  const unlucky = new Set([...refused.values()].flat());
  const { rows: ended } = await sandbox.pool.query("select id, status from trips.tidings_sagas");
  for (const { id, status } of ended)
    expect(status, `seed ${seed}: ${id}`).toBe(unlucky.has(id) ? "compensated" : "completed");
  for (const { name } of owners) {
    const { rows } = await sandbox.pool.query(
      `select trip, string_agg(what, ' ' order by place) as effects from ${name}.effects group by trip`,
    );
    const effects = new Map(rows.map((row) => [row.trip, row.effects]));
    const full = (allEffects as Record<string, string[]>)[name]?.join(" ");
    for (const trip of names) {
      const expected = unlucky.has(trip) ? [undefined, "reserved cancelled"] : [full];
      expect(expected, `seed ${seed}: ${name} of ${trip}`).toContain(effects.get(trip));
    }
  }
  expect(sandbox.errors).toEqual([]);
});
