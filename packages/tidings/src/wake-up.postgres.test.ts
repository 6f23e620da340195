import { defineEvent, on } from "@tidings/core";
import { publishIn } from "@tidings/postgres/pg";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defineService } from "./define-service.ts";
import { publish, reader } from "./delivery.fixture.ts";
import type { Host } from "./host.ts";
import { Changed, changeSchema, ledger } from "./promises/ledger.fixture.ts";
import { Sandbox } from "./promises/sandbox.fixture.ts";

let sandbox: Sandbox;
let handled: Set<string>;
beforeEach(async () => {
  sandbox = await Sandbox.create();
  handled = new Set();
});
afterEach(() => sandbox.close());

const follower = reader({ reacts: [on(Changed, (event) => void handled.add(event.key))], migrations: [] });

/**
 * How long ten messages took from their recording to their handler, sorted. The poll alone, once a second, would take
 * about a second for each, since each is recorded right after the one before it was handled.
 */
async function delays(record: (key: string) => Promise<unknown>): Promise<number[]> {
  const taken: number[] = [];
  for (let count = 0; count < 10; count++) {
    const key = `key-${handled.size}-${count}`;
    const started = performance.now();
    await record(key);
    await until("it is handled", () => handled.has(key), { interval: 2 });
    taken.push(performance.now() - started);
  }
  return taken.sort((one, other) => one - other);
}

/** One in ten may have met the machine in a bad moment. */
const soon = (sorted: readonly number[]) =>
  expect(sorted[8], `of ${sorted.map(Math.round)} ms`).toBeLessThan(300);

/** Two hosts with wake-ups of their own, as in two processes. */
async function twoHosts(): Promise<Host> {
  const host = await sandbox.host([ledger]);
  await sandbox.host([follower]);
  await publish(host, ["first"]);
  await until("it reads the log", () => handled.has("first"));
  return host;
}

it("tells another host of a message sooner than its poll would find it", async () => {
  const host = await twoHosts();
  soon(await delays((key) => publish(host, [key])));
});

it("tells of a message that was recorded in the user's own transaction", async () => {
  const host = await twoHosts();
  const outbox = host.outbox("ledger");
  const client = await sandbox.connect();
  const record = async (key: string) => {
    await client.query("begin");
    await publishIn(client, outbox, Changed, { key, version: 1 });
    await client.query("commit");
  };
  soon(await delays(record));
});

it("tells who waits for the log of a service that it is installed by now", async () => {
  await sandbox.host([follower]);
  const started = performance.now();
  const host = await sandbox.host([ledger]);
  await publish(host, ["first"]);
  await until("it is handled", () => handled.has("first"));
  expect(performance.now() - started, "sooner than the look that is taken every 5 s").toBeLessThan(3_500);
});

const Unheard = defineEvent("ledger.Unheard", { key: "key", schema: changeSchema });

it("leaves alone who handles nothing of what was recorded, in its own host and in others", async () => {
  const talkative = defineService("ledger", { publishes: [Changed, Unheard], migrations: ledger.migrations });
  let claims = 0;
  const probe = (step: string) => {
    if (step === "claimed") claims++;
  };
  const host = await sandbox.host([talkative, follower], { probe });
  await sandbox.host([follower], { probe });
  await publish(host, ["first"]);
  await until("it is handled", () => handled.has("first"));
  const before = claims;
  const started = performance.now();
  for (let version = 1; version <= 50; version++)
    await host.transaction("ledger", async (tx) => tx.publish(Unheard, { key: `key-${version}`, version }));
  const polls = 2 * (2 + Math.floor((performance.now() - started) / 1_000));
  expect(claims - before).toBeLessThanOrEqual(polls);
});

it("goes on by polling when the connections for wake-ups are lost, and gets them back", async () => {
  const host = await twoHosts();
  const before = await wakeUpConnections();
  expect(before.length).toBe(2);
  await sandbox.pool.query("select pg_terminate_backend(pid) from unnest($1::int[]) pid", [before]);
  await publish(host, ["lost"]);
  await until("it is handled all the same", () => handled.has("lost"));
  await until("they are connected again", async () => {
    const after = await wakeUpConnections();
    return after.length === 2 && !after.some((pid) => before.includes(pid));
  });
  await publish(host, ["back"]);
  await until("it is handled", () => handled.has("back"));
  soon(await delays((key) => publish(host, [key])));
  expect(sandbox.errors).toEqual([]);
});

/** Those that listen. */
async function wakeUpConnections(): Promise<number[]> {
  const { rows } = await sandbox.pool.query(
    `select pid from pg_stat_activity
     where datname = current_database() and application_name = 'tidings wake-up' and state = 'idle'`,
  );
  return rows.map(({ pid }) => pid as number);
}
