import type { StandardSchemaV1 } from "@standard-schema/spec";
import {
  abortOn,
  type Clock,
  type CommandContract,
  defineCommand,
  defineEvent,
  defineProgress,
  defineSaga,
  type Handler,
  handles,
  refuse,
  type Saga,
  type Transaction,
} from "@tidings/core";
import { readSaga, type SagaOverview, storeOf } from "@tidings/postgres";
import { follows } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import type { Pool } from "pg";
import { defineService, type Service } from "../define-service.ts";
import type { Host } from "../host.ts";

/** What this process has done for trips: the type of each command that it handled, `move` for each that a saga sent. */
export const activity: string[] = [];

export interface Trip {
  readonly trip: string;
  readonly cancelled?: boolean;
}

const tripSchema: StandardSchemaV1<unknown, Trip> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value: value as Trip }) },
};

const tripCommand = <const Type extends string>(type: Type) =>
  defineCommand(type, { key: "trip", schema: tripSchema, reply: tripSchema });

export const TripRequested = defineEvent("desk.TripRequested", { key: "trip", schema: tripSchema });
export const TripCancelled = defineEvent("desk.TripCancelled", { key: "trip", schema: tripSchema });
const TripProgressed = defineProgress("trips");
const ReserveFlight = tripCommand("flights.Reserve");
const CancelFlight = tripCommand("flights.Cancel");
const IssueTicket = tripCommand("flights.Issue");
const ReserveRoom = tripCommand("hotels.Reserve");
const CancelRoom = tripCommand("hotels.Cancel");
const ReserveCar = tripCommand("cars.Reserve");
const CancelCar = tripCommand("cars.Cancel");
const ChargeCard = tripCommand("cards.Charge");
const VoidCharge = tripCommand("cards.Void");
const CloseTrip = tripCommand("desk.Close");

interface TripOptions {
  readonly version?: number;
  readonly earlier?: readonly Saga<Trip>[];
  readonly deadlineMs?: number;
  readonly attempts?: number;
}

function dataOf({ trip }: Trip): Trip {
  activity.push("move");
  return { trip };
}

/** A flight, then a room and a car at once, then the card (the pivot), then the ticket. */
export function tripSaga(options: TripOptions = {}): Saga<Trip> {
  return defineSaga("Trip", {
    deadlineMs: 600_000,
    ...options,
    startedBy: TripRequested,
    start: ({ data }): Trip => ({ trip: data.trip }),
    steps: ({ step, parallel }) => [
      step("Flight").invoke(ReserveFlight, dataOf).compensate(CancelFlight, dataOf),
      parallel(
        step("Room").invoke(ReserveRoom, dataOf).compensate(CancelRoom, dataOf),
        step("Car").invoke(ReserveCar, dataOf).compensate(CancelCar, dataOf),
      ),
      step("Card").invoke(ChargeCard, dataOf).pivot().revoke(VoidCharge, dataOf),
      step("Ticket").invoke(IssueTicket, dataOf),
    ],
    whenCompensated: ({ step }) => [step("Close").invoke(CloseTrip, dataOf)],
    abortedBy: [
      abortOn(TripCancelled, {
        reason: "trip-cancelled",
        evolve: (trip: Trip) => ({ ...trip, cancelled: true }),
      }),
    ],
    progress: TripProgressed,
    outcome: {
      completed: ({ trip }) => ({ trip }),
      compensated: ({ trip }, reason) => ({ title: `${trip} was undone`, status: 409, rule: reason }),
    },
  });
}

export function trips(saga: Saga<Trip> = tripSaga()): Service {
  return defineService("trips", { sagas: [saga], publishes: [TripProgressed] });
}

const ownerMigration = {
  name: "0001-effects",
  sql: `create table effects (place bigserial primary key, trip text not null, what text not null);
    create index on effects (trip);
    create table refusals (trip text not null, command text not null)`,
};

/** Has its effect when the last one of this trip was `after`; else it has nothing to do. Refuses what it is told to. */
function carriesOut(command: CommandContract, effect: string, after: string | undefined): Handler {
  const name = command.type.split(".")[1] ?? "";
  return handles(command, async ({ data }, tx: Transaction) => {
    activity.push(command.type);
    const { trip } = data as Trip;
    const values = [trip, name];
    const told = await tx.query("select from refusals where trip = $1 and command = $2", values);
    if (told.rowCount > 0) return refuse(`${name.toLowerCase()}-refused`, "It was told to.");
    const { rows } = await tx.query<{ what: string }>(
      "select what from effects where trip = $1 order by place desc limit 1",
      [trip],
    );
    const last = rows[0]?.what;
    if (name === "Void" && last === "charged") return refuse("charged", "The card is charged.");
    if (name === "Charge" && last === "voided") return refuse("voided", "It is too late.");
    if (last === after) await tx.query("insert into effects (trip, what) values ($1, $2)", [trip, effect]);
    return { trip };
  });
}

function owner(name: string, accepts: readonly Handler[]): Service {
  return defineService(name, { accepts, migrations: [ownerMigration] });
}

export const flights = owner("flights", [
  carriesOut(ReserveFlight, "reserved", undefined),
  carriesOut(CancelFlight, "cancelled", "reserved"),
  carriesOut(IssueTicket, "issued", "reserved"),
]);

export const hotels = owner("hotels", [
  carriesOut(ReserveRoom, "reserved", undefined),
  carriesOut(CancelRoom, "cancelled", "reserved"),
]);

export const cars = owner("cars", [
  carriesOut(ReserveCar, "reserved", undefined),
  carriesOut(CancelCar, "cancelled", "reserved"),
]);

export const cards = owner("cards", [
  carriesOut(ChargeCard, "charged", undefined),
  carriesOut(VoidCharge, "voided", undefined),
]);

export const owners = [flights, hotels, cars, cards];

/** Where trips are requested, and their operations kept. */
export const desk = defineService("desk", {
  publishes: [TripRequested, TripCancelled],
  accepts: [carriesOut(CloseTrip, "closed", undefined)],
  reacts: [follows(TripProgressed)],
  migrations: [ownerMigration],
});

/** Publishes the event that starts a trip. */
export function request(host: Host, trip: string): Promise<string> {
  return host.transaction("desk", async (tx) => tx.publish(TripRequested, { trip }));
}

/** Makes the owner of a command refuse it for this trip. */
export async function refuseFor(pool: Pool, command: string, trips: readonly string[]): Promise<void> {
  const [service = "", name] = command.split(".");
  await pool.query(`insert into ${service}.refusals select unnest($1::text[]), $2`, [trips, name]);
}

/** The owners carry everything out again. */
export async function acceptAll(pool: Pool, service: string): Promise<void> {
  await pool.query(`delete from ${service}.refusals`);
}

export const tripStore = storeOf("trips", 32);

/** @throws Error when there is no such instance */
export async function tripOf(pool: Pool, trip: string): Promise<SagaOverview> {
  const saga = await readSaga(pool, tripStore, "Trip", trip);
  if (!saga) throw new Error(`There is no saga of ${trip}.`);
  return saga;
}

export function statesOf({ steps }: Pick<SagaOverview, "steps">): Record<string, string> {
  return Object.fromEntries(steps.map(({ name, state }) => [name, state]));
}

/** Waits until a trip has come to this status. */
export async function whenTripIs(
  pool: Pool,
  trip: string,
  status: SagaOverview["status"],
  timeout = 20_000,
): Promise<SagaOverview> {
  return until(
    `${trip} is ${status}`,
    async () => {
      const saga = await tripOf(pool, trip);
      if (saga.status === status) return saga;
      throw new Error(`It is ${saga.status}: ${JSON.stringify(statesOf(saga))}`);
    },
    { timeout },
  );
}

/** All effects of a trip by service, in order. */
export async function effectsOf(pool: Pool, trip: string): Promise<Record<string, string[]>> {
  const effects: Record<string, string[]> = {};
  for (const { name } of [...owners, desk]) {
    const { rows } = await pool.query(`select what from ${name}.effects where trip = $1 order by place`, [
      trip,
    ]);
    if (rows.length > 0) effects[name] = rows.map(({ what }) => what);
  }
  return effects;
}

export const allEffects = {
  ...{ flights: ["reserved", "issued"], hotels: ["reserved"], cars: ["reserved"] },
  cards: ["charged"],
};

const undone = ["reserved", "cancelled"];
export const allUndone = { flights: undone, hotels: undone, cars: undone, desk: ["closed"] };

/** A clock that stands still until the test moves it. */
export class TestClock implements Clock {
  time = new Date("2030-01-01T00:00:00Z");
  now(): Date {
    return new Date(this.time);
  }
  pass(milliseconds: number): void {
    this.time = new Date(this.time.getTime() + milliseconds);
  }
}
