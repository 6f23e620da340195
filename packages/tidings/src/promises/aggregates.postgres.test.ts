import { defineAggregate, view } from "@tidings/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defineService } from "../define-service.ts";
import type { Host } from "../host.ts";
import { Sandbox } from "./sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

type CounterEvent = { type: "Added"; data: { amount: number } };

const Counter = defineAggregate<number, CounterEvent>("counter", {
  initial: 0,
  evolve: { Added: (state, { amount }) => state + amount },
  snapshot: { every: 10 },
});

const counters = defineService("counters", {
  views: [
    view(Counter, {
      Added: ({ amount }, { id }, tx) =>
        tx.query(
          "insert into totals values ($1, $2) on conflict (id) do update set total = totals.total + $2",
          [id, amount],
        ),
    }),
  ],
  migrations: [{ name: "0001", sql: "create table totals (id text primary key, total int not null)" }],
});

const added = (amount: number): CounterEvent => ({ type: "Added", data: { amount } });

function add(host: Host, id: string, amount: number) {
  return host.transaction("counters", (tx) => tx.decide(Counter, id, () => [added(amount)]));
}

async function totals(): Promise<unknown[]> {
  return (await sandbox.pool.query("select id, total from counters.totals order by id")).rows;
}

it("runs a transaction again when another one appended to its stream first", async () => {
  const host = await sandbox.host([counters]);
  let runs = 0;
  await host.transaction("counters", async (tx) => {
    const root = await tx.load(Counter, "a");
    if (++runs === 1) await add(host, "a", 5);
    await tx.append(root, [added(10 + root.state)]);
  });
  expect(runs).toBe(2);
  expect(await totals()).toEqual([{ id: "a", total: 20 }]);
  const root = await host.transaction("counters", (tx) => tx.load(Counter, "a"));
  expect(root).toMatchObject({ state: 20, version: 2 });
});

it("gives up with a conflict after five repetitions, and has changed nothing", async () => {
  const host = await sandbox.host([counters]);
  let runs = 0;
  const work = host.transaction("counters", async (tx) => {
    const root = await tx.load(Counter, "a");
    runs++;
    await add(host, "a", 1);
    await tx.append(root, [added(100)]);
  });
  await expect(work).rejects.toMatchObject({ code: "concurrency-conflict" });
  expect(runs).toBe(6);
  expect(await totals()).toEqual([{ id: "a", total: 6 }]);
});

it("refuses a version that the caller did not expect", async () => {
  const host = await sandbox.host([counters]);
  await add(host, "a", 1);
  const work = host.transaction("counters", (tx) =>
    tx.decide(Counter, "a", () => [added(1)], { expectedVersion: 0 }),
  );
  await expect(work).rejects.toMatchObject({ code: "stale-version" });
});

it("loses no append of many at once to few streams, and numbers them without gaps", async () => {
  const host = await sandbox.host([counters]);
  const ids = ["a", "b", "c"];
  const work = async () => {
    for (let n = 0; n < 10; n++) for (const id of ids) await addUntilDone(host, id);
  };
  await Promise.all(Array.from({ length: 4 }, work));
  expect(await totals()).toEqual(ids.map((id) => ({ id, total: 40 })));
  const { rows } = await sandbox.pool.query(
    "select stream, max(version) as last, count(*)::int as count from counters.tidings_events group by 1",
  );
  for (const row of rows) expect(row).toMatchObject({ last: 40, count: 40 });
  const root = await host.transaction("counters", (tx) => tx.load(Counter, "a"));
  expect(root).toMatchObject({ state: 40, version: 40 });
});

async function addUntilDone(host: Host, id: string): Promise<void> {
  for (;;) {
    const outcome = await add(host, id, 1).catch((error: { code?: string }) => error.code);
    if (outcome !== "concurrency-conflict") return;
  }
}

it("starts from a snapshot, unless its version has changed", async () => {
  const host = await sandbox.host([counters]);
  for (let n = 0; n < 12; n++) await add(host, "a", 1);
  const { rows } = await sandbox.pool.query("select version, state from counters.tidings_snapshots");
  expect(rows).toEqual([{ version: 10, state: 10 }]);
  await sandbox.pool.query("update counters.tidings_snapshots set state = '1000'");
  const load = (aggregate: typeof Counter) => host.transaction("counters", (tx) => tx.load(aggregate, "a"));
  expect(await load(Counter)).toMatchObject({ state: 1002, version: 12 });
  expect(await load({ ...Counter, snapshot: { every: 10, version: 2 } })).toMatchObject({
    state: 12,
    version: 12,
  });
});

it("lifts stored events of an earlier shape to one, several or none of today's", async () => {
  const host = await sandbox.host([counters]);
  type OldEvent = { type: "Increased" | "AddedTwice" | "Renamed"; data: { by: number } };
  const OldCounter = defineAggregate<number, OldEvent>("counter", {
    initial: 0,
    evolve: { Increased: (s) => s, AddedTwice: (s) => s, Renamed: (s) => s },
  });
  const NewCounter = defineAggregate<number, CounterEvent>("counter", {
    initial: 0,
    evolve: { Added: (state, { amount }) => state + amount },
    upcasts: {
      Increased: ({ by }: { by: number }) => added(by),
      AddedTwice: ({ by }: { by: number }) => [added(by), added(by)],
      Renamed: () => [],
    },
  });
  await host.transaction("counters", (tx) =>
    tx.decide(OldCounter, "a", (): readonly OldEvent[] => [
      { type: "Increased", data: { by: 3 } },
      { type: "AddedTwice", data: { by: 5 } },
      { type: "Renamed", data: { by: 0 } },
    ]),
  );
  const root = await host.transaction("counters", (tx) => tx.load(NewCounter, "a"));
  expect(root).toMatchObject({ state: 13, version: 3 });
});
