import type { Message } from "@tidings/core";
import { operationId, readOperation, startOperation } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Host } from "../host.ts";
import { Sandbox } from "./sandbox.fixture.ts";
import {
  desk,
  flights,
  owners,
  refuseFor,
  TripRequested,
  tripOf,
  trips,
  whenTripIs,
} from "./trips.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

const steps = ["Flight", "Room", "Car", "Card", "Ticket"];

/** Requests a trip whose operation the desk keeps. @returns the operation's id */
function requestWithOperation(host: Host, trip: string): Promise<string> {
  return host.transaction("desk", async (tx) => {
    const id = operationId(await startOperation(tx, { kind: "trip", steps }));
    tx.publish(TripRequested, { trip }, { operationId: id });
    return id;
  });
}

/** The operation as it is, with its steps as `name state`. */
function operationOf(host: Host, id: string) {
  return host.transaction("desk", async (tx) => {
    const operation = await readOperation(tx, id);
    if (!operation) throw new Error("There is no such operation.");
    const told = operation.metadata.steps.map(({ name, state }) => `${name} ${state}`);
    return { ...operation, told };
  });
}

it("tells the operation each step, and the response at the end", async () => {
  const host = await sandbox.host([desk, trips(), flights]);
  const id = await requestWithOperation(host, "trip");
  await until("the flight is told", async () => (await operationOf(host, id)).told[0] === "Flight done");
  const between = await operationOf(host, id);
  expect(between.told).toEqual([
    "Flight done",
    "Room running",
    "Car running",
    "Card pending",
    "Ticket pending",
  ]);
  expect(between).toMatchObject({ done: false, metadata: { progressPercent: 20 } });
  await sandbox.host(owners.filter((owner) => owner !== flights));
  const ended = await until("it is done", async () => {
    const operation = await operationOf(host, id);
    return operation.done && operation;
  });
  expect(ended.told).toEqual(steps.map((name) => `${name} done`));
  expect(ended).toMatchObject({ response: { trip: "trip" }, metadata: { progressPercent: 100 } });
  expect(ended.error).toBeUndefined();
});

it("tells the operation what was compensated, and the error with the reason", async () => {
  const host = await sandbox.host([desk, trips(), ...owners]);
  await refuseFor(sandbox.pool, "cards.Charge", ["trip"]);
  const id = await requestWithOperation(host, "trip");
  const ended = await until("it is done", async () => {
    const operation = await operationOf(host, id);
    return operation.done && operation;
  });
  const undone = ["Flight", "Room", "Car"].map((name) => `${name} compensated`);
  expect(ended.told).toEqual([...undone, "Card failed", "Ticket pending"]);
  expect(ended).toMatchObject({ error: { status: 409, rule: "charge-refused" } });
  expect(ended.response).toBeUndefined();
});

it("reports nothing when there is no operation", async () => {
  const host = await sandbox.host([desk, trips(), ...owners]);
  await host.transaction("desk", async (tx) => tx.publish(TripRequested, { trip: "trip" }));
  await whenTripIs(sandbox.pool, "trip", "completed");
  const { rows } = await sandbox.pool.query("select from trips.tidings_outbox where kind = 'event'");
  expect(rows).toEqual([]);
});

it("records one chain, in which each message names the one that caused it", async () => {
  const host = await sandbox.host([desk, trips(), ...owners]);
  await refuseFor(sandbox.pool, "cards.Charge", ["trip"]);
  const id = await requestWithOperation(host, "trip");
  await whenTripIs(sandbox.pool, "trip", "compensated");
  const all: Message[] = [];
  for (const service of ["desk", "trips", "flights", "hotels", "cars", "cards"]) {
    const { rows } = await sandbox.pool.query(
      `select id, kind, type, correlation_id as "correlationId", causation_id as "causationId", headers
       from ${service}.tidings_outbox`,
    );
    all.push(...rows);
  }
  const begin = all.find(({ type }) => type === "desk.TripRequested");
  const byId = new Map(all.map((message) => [message.id, message]));
  expect(new Set(all.map(({ correlationId }) => correlationId))).toEqual(new Set([begin?.correlationId]));
  expect(all.filter(({ headers }) => headers.operationId !== id)).toEqual([]);
  const causeOf = ({ causationId }: Message) => byId.get(causationId ?? "")?.type;
  const caused = Object.fromEntries(
    all.filter(({ kind }) => kind !== "event").map((message) => [message.type, causeOf(message)]),
  );
  expect(caused).toMatchObject({
    ...{ "flights.Reserve": "desk.TripRequested", "flights.Reserve.Reply": "flights.Reserve" },
    ...{ "hotels.Reserve": "flights.Reserve.Reply", "cars.Reserve": "flights.Reserve.Reply" },
    ...{ "cars.Cancel": "cards.Charge.Reply", "hotels.Cancel": "cars.Cancel.Reply" },
    ...{ "flights.Cancel": "hotels.Cancel.Reply", "desk.Close": "flights.Cancel.Reply" },
  });
  expect(["hotels.Reserve.Reply", "cars.Reserve.Reply"]).toContain(caused["cards.Charge"]);
  expect(all.filter(({ kind }) => kind === "event").map(causeOf)).not.toContain("desk.Close");
  expect((await tripOf(sandbox.pool, "trip")).endedAt).not.toBeNull();
});
