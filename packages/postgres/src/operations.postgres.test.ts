import type { Transaction } from "@tidings/core";
import { createTestDatabase, type TestDatabase } from "@tidings/testing";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "./connection.ts";
import { purgeExpired } from "./idempotency.ts";
import { migrateService } from "./migrate.ts";
import {
  completeOperation,
  failOperation,
  operationId,
  readOperations,
  reportStep,
  startOperation,
} from "./operations.ts";
import { runTransaction } from "./run-transaction.ts";
import type { Store } from "./store.ts";

let database: TestDatabase;
let pool: pg.Pool;
let stores: Store[];
let changed: string[] = [];
let now = new Date("2026-01-01T00:00:00Z");

beforeAll(async () => {
  database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const install = (service: string) => migrateService(client, { service, migrations: [], contracts: [] });
  stores = [await install("baskets"), await install("ordering")];
  await client.end();
  pool = createPool(database.url, { schema: "ordering", name: "test", max: 4 });
});

afterAll(async () => {
  await pool.end();
  await database.drop();
});

const transact = async <Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> => {
  const context = {
    store: stores[1] as Store,
    clock: { now: () => now },
    views: [],
    records: new Set<string>(),
    committed: (commit: { readonly operations: ReadonlySet<string> }) => {
      changed = [...commit.operations];
    },
  };
  const cause = { correlationId: null, causationId: null, headers: {} };
  return (await runTransaction(pool, context, cause, work)).result;
};

const begin = async (steps = ["a", "b", "c"]) =>
  operationId(await transact((tx) => startOperation(tx, { kind: "checkout", owner: "ann", steps })));
const find = async (id: string) => (await readOperations(pool, stores, { ids: [id] }))[0];
const read = async (id: string) => (await find(id))?.operation;
const states = async (id: string) => (await read(id))?.metadata.steps.map(({ state }) => state);

test("an operation is found in whichever store keeps it, with its owner", async () => {
  expect(await find(await begin())).toMatchObject({
    owner: "ann",
    operation: { done: false },
  });
});

test("steps move only forward, whatever is reported late or twice", async () => {
  const id = await begin();
  for (const state of ["running", "done", "running", "done", "failed", "compensated", "done"] as const) {
    await transact((tx) => reportStep(tx, id, "a", state));
  }
  expect(await states(id)).toEqual(["compensated", "pending", "pending"]);
  expect((await read(id))?.metadata.progressPercent).toBe(33);
});

test("a repeated report does not change when it happened", async () => {
  const id = await begin();
  await transact((tx) => reportStep(tx, id, "a", "done"));
  const before = await read(id);
  now = new Date(now.getTime() + 1_000);
  await transact((tx) => reportStep(tx, id, "a", "done"));
  expect(await read(id)).toEqual(before);
});

test("two reports at once are both kept", async () => {
  const id = await begin();
  await Promise.all(["a", "b", "c"].map((step) => transact((tx) => reportStep(tx, id, step, "done"))));
  expect(await states(id)).toEqual(["done", "done", "done"]);
});

test("a completed operation closes its open steps and never changes again", async () => {
  const id = await begin();
  await transact((tx) => completeOperation(tx, id, { orderId: "o1" }));
  const completed = await read(id);
  expect(completed).toMatchObject({
    done: true,
    response: { orderId: "o1" },
    metadata: { progressPercent: 100 },
  });
  expect(completed).not.toHaveProperty("error");
  await transact(async (tx) => {
    await failOperation(tx, id, { rule: "late" });
    await reportStep(tx, id, "a", "compensated");
    await completeOperation(tx, id, { orderId: "other" });
  });
  expect(await read(id)).toEqual(completed);
  expect(await states(id)).toEqual(["done", "done", "done"]);
});

test("a failed operation keeps its error, and shows which step it was", async () => {
  const id = await begin();
  await transact(async (tx) => {
    await reportStep(tx, id, "a", "running");
    await failOperation(tx, id, { rule: "payment-declined" });
  });
  expect(await read(id)).toMatchObject({ done: true, error: { rule: "payment-declined" } });
  expect(await read(id)).not.toHaveProperty("response");
  expect(await states(id)).toEqual(["failed", "pending", "pending"]);
});

test("a transaction tells which operations it has changed", async () => {
  const [id, closed] = [await begin(), await begin()];
  await transact((tx) => completeOperation(tx, closed, {}));
  await transact(async (tx) => {
    await reportStep(tx, id, "a", "running");
    await reportStep(tx, closed, "a", "running");
  });
  expect(changed).toEqual([id]);
});

test("the version of an operation grows with each change, and only then", async () => {
  const id = await begin();
  const versionAfter = async (work: (tx: Transaction) => Promise<void>) => {
    await transact(work);
    return (await find(id))?.version;
  };
  expect([
    (await find(id))?.version,
    await versionAfter((tx) => reportStep(tx, id, "a", "done")),
    await versionAfter((tx) => reportStep(tx, id, "a", "running")),
    await versionAfter((tx) => completeOperation(tx, id, {})),
    await versionAfter((tx) => failOperation(tx, id, { rule: "late" })),
  ]).toEqual([1, 2, 2, 3, 3]);
});

test("of many operations those that have changed are found with one query", async () => {
  const ids = [await begin(), await begin(), await begin()];
  await transact((tx) => reportStep(tx, ids[1] as string, "a", "done"));
  const changed = async (known: number[]) =>
    (await readOperations(pool, stores, { ids, known })).map(({ id }) => id).sort();
  expect(await changed([1, 1, 1])).toEqual([ids[1]]);
  expect(await changed([1, 2, -1])).toEqual([ids[2]]);
});

test("an operation is kept for 30 days after its last change", async () => {
  const day = 24 * 3600_000;
  const [old, changed] = [await begin(), await begin()];
  now = new Date(now.getTime() + 10 * day);
  await transact((tx) => reportStep(tx, changed, "a", "running"));
  const purge = async (days: number) =>
    purgeExpired(pool, stores[1] as Store, new Date(now.getTime() + days * day), 100);
  await purge(20);
  expect([await read(old), (await read(changed))?.done]).toEqual([undefined, false]);
  await purge(30);
  expect(await read(changed)).toBeUndefined();
});
