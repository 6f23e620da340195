import { defineEvent, on, onBatch } from "@tidings/core";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defineService } from "./define-service.ts";
import { narrowLedger, parked, publish, reader, whenRead } from "./delivery.fixture.ts";
import {
  Changed,
  changeSchema,
  countEffects,
  effectsMigration,
  keep,
  keysOf,
  ledger,
} from "./promises/ledger.fixture.ts";
import { Sandbox } from "./promises/sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

it("commits a batch of slow handlers before all of its messages are handled", async () => {
  const seen: number[] = [];
  await publish(await sandbox.host([narrowLedger]), keysOf("key-", 30));
  const slow = on(Changed, async (event, tx) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    await keep(event, tx);
    seen.push(await countEffects(sandbox.pool));
  });
  await sandbox.host([reader({ reacts: [slow] })]);
  await whenRead(sandbox);
  expect(seen.length).toBe(30);
  expect(seen[10], "committed when the 11th was handled").toBeGreaterThan(0);
  expect(new Set(seen).size, "commits on the way").toBeGreaterThan(4);
});

it("keeps 599 of 600 messages in order beside a poison among them", async () => {
  await publish(await sandbox.host([narrowLedger]), keysOf("key-", 600));
  const handle = on(Changed, async (event, tx) => {
    await keep(event, tx);
    if (event.key === "key-299") throw new Error("It is bad.");
  });
  await sandbox.host([reader({ reacts: [handle] })]);
  await whenRead(sandbox);
  const { rows } = await sandbox.pool.query("select version from follower.effects order by place");
  const expected = Array.from({ length: 600 }, (_, index) => index + 1).filter((version) => version !== 300);
  expect(rows.map(({ version }) => version)).toEqual(expected);
  expect(await parked(sandbox)).toEqual([{ key: "key-299", state: "dead", attempts: 1 }]);
});

const Closed = defineEvent("ledger.Closed", { key: "key", schema: changeSchema });
const twoEvents = defineService("ledger", { publishes: [Changed, Closed], partitions: 1 });

it("gives a batch handler the runs of its type in order, and passes by the types that nobody handles", async () => {
  const Ignored = defineEvent("ledger.Ignored", { key: "key", schema: changeSchema });
  const publisher = defineService("ledger", {
    ...twoEvents,
    publishes: [Changed, Closed, Ignored],
    partitions: 1,
    http: () => {},
  });
  const runs: string[] = [];
  const note = (of: string) => (events: readonly { readonly data: { readonly version: number } }[]) => {
    runs.push(`${of} ${events.map(({ data }) => data.version).join(",")}`);
  };
  const host = await sandbox.host([publisher]);
  await host.transaction("ledger", async (tx) => {
    const types = [Ignored, Changed, Changed, Ignored, Changed, Closed, Closed, Changed, Ignored];
    for (const [version, type] of types.entries()) tx.publish(type, { key: `key-${version % 3}`, version });
  });
  await sandbox.host([
    reader({ reacts: [onBatch(Changed, note("changed")), onBatch(Closed, note("closed"))] }),
  ]);
  await whenRead(sandbox);
  expect(runs).toEqual(["changed 1,2,4", "closed 5,6", "changed 7"]);
  expect(await parked(sandbox)).toEqual([]);
});

it("says of what a handler publishes which chain it belongs to and what caused it", async () => {
  const Noted = defineEvent("follower.Noted", { key: "key", schema: changeSchema });
  const host = await sandbox.host([twoEvents]);
  const causes = new Map<string, string>();
  const each = on(Changed, (event, tx) => {
    causes.set(tx.publish(Noted, event.data), event.id);
  });
  const batch = onBatch(Closed, (events, tx) => {
    for (const event of events) causes.set(tx.publish(Noted, event.data, { causedBy: event }), event.id);
  });
  const cause = {
    correlationId: "0198c2f0-0000-7000-8000-000000000001",
    causationId: null,
    headers: { actor: "ann" },
  };
  const record = async (type: typeof Changed | typeof Closed) =>
    host.transaction(
      "ledger",
      async (tx) => ["a", "b"].map((key) => tx.publish(type as typeof Changed, { key, version: 1 })),
      cause,
    );
  const recorded = [...(await record(Changed)), ...(await record(Closed as never))];
  await sandbox.host([
    defineService("follower", { publishes: [Noted], reacts: [each, batch], migrations: [effectsMigration] }),
  ]);
  await whenRead(sandbox);
  const { rows } = await sandbox.pool.query(
    "select id, correlation_id, causation_id, headers from follower.tidings_outbox order by position",
  );
  expect(rows.map(({ causation_id }) => causation_id).sort()).toEqual(recorded.sort());
  for (const { id, correlation_id, causation_id, headers } of rows) {
    expect(causation_id).toBe(causes.get(id));
    expect(correlation_id).toBe(cause.correlationId);
    expect(headers).toEqual({ actor: "ann" });
  }
});

it("handles everything once and soon after two hosts have met in a deadlock", async () => {
  const rows = {
    name: "0002-rows",
    sql: "create table rows (name text primary key, count int not null); insert into rows values ('x', 0), ('y', 0)",
  };
  const inside = new Map<string, () => void>();
  const arrivals = new Map(
    ["first", "second"].map((key) => [key, new Promise<void>((resolve) => inside.set(key, resolve))]),
  );
  const count = on(Changed, async (event, tx) => {
    const [one, other] = event.key === "second" || event.data.version % 2 === 0 ? ["y", "x"] : ["x", "y"];
    await tx.query("update rows set count = count + 1 where name = $1", [one]);
    inside.get(event.key)?.();
    if (arrivals.has(event.key)) await Promise.all(arrivals.values());
    await tx.query("update rows set count = count + 1 where name = $1", [other]);
    await keep(event, tx);
  });
  const service = reader({ reacts: [count], migrations: [effectsMigration, rows] });
  const host = await sandbox.host([ledger]);
  for (const name of ["one", "other"]) {
    let isIdle = false;
    const probe = (step: string) => {
      isIdle ||= step === "claimed";
    };
    await sandbox.host([service], { probe });
    await until(`${name} host has found nothing to do`, () => isIdle);
  }
  await publish(host, ["first"]);
  await arrivals.get("first");
  await publish(host, ["second"]);
  await whenRead(sandbox);
  const { rows: stats } = await sandbox.pool.query(
    "select deadlocks::int from pg_stat_database where datname = current_database()",
  );
  expect(stats[0].deadlocks, "deadlocks so far").toBeGreaterThan(0);
  const started = performance.now();
  for (let round = 0; round < 10; round++) await publish(host, keysOf(`key-${round}-`, 50));
  await whenRead(sandbox);
  expect(performance.now() - started).toBeLessThan(8_000);
  const counts = await sandbox.pool.query("select count from follower.rows");
  expect(counts.rows).toEqual([{ count: 502 }, { count: 502 }]);
  const once = await sandbox.pool.query("select count(distinct message)::int as count from follower.effects");
  expect([await countEffects(sandbox.pool), once.rows[0].count]).toEqual([502, 502]);
  expect(await parked(sandbox)).toEqual([]);
});
