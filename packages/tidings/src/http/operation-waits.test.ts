import { until } from "@tidings/testing";
import { afterEach, expect, test } from "vitest";
import { OperationWaits } from "./operation-waits.ts";

let queries: string[][] = [];
let done = new Set<string>();
let failing = false;

/** Stands for a database here: what is tested is how often it is asked. */
const pool = {
  query: async (_text: string, [ids]: [string[]]) => {
    queries.push(ids);
    if (failing) throw new Error("unreachable");
    return { rows: ids.filter((id) => done.has(id)).map((id) => ({ id })) };
  },
} as never;
const store = { table: (name: string) => name } as never;

const create = (options = {}) => new OperationWaits([{ pool, stores: [store] }], options);

afterEach(() => {
  queries = [];
  done = new Set();
  failing = false;
});

test("many waiters cost one query for each round", async () => {
  const waits = create({ recheckMs: 20 });
  const waiting = Array.from({ length: 200 }, (_, index) => waits.whenDone(`o${index}`, 10_000));
  await until("three rounds", () => queries.filter((ids) => ids.length === 200).length >= 3);
  expect(queries.length).toBeLessThan(8);
  waits.close();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([false]));
});

test("nobody waits, nothing is asked", async () => {
  const waits = create({ recheckMs: 1 });
  done.add("o1");
  expect(await waits.whenDone("o1", 1_000)).toBe(true);
  const asked = queries.length;
  waits.changed(["o2"]);
  await new Promise((resolve) => setImmediate(resolve));
  expect([queries.length, waits.size]).toEqual([asked, 0]);
});

test("more than the allowed number of waiters are answered at once", async () => {
  const waits = create({ maxWaiters: 1 });
  const first = waits.whenDone("o1", 10_000);
  expect(await waits.whenDone("o2", 10_000)).toBe(false);
  done.add("o1");
  waits.changed(["o1"]);
  expect(await first).toBe(true);
});

test("a database that fails once is asked again", async () => {
  const waits = create({ recheckMs: 5 });
  failing = true;
  done.add("o1");
  const waiting = waits.whenDone("o1", 10_000);
  await until("the database has failed", () => queries.length > 0);
  failing = false;
  expect(await waiting).toBe(true);
});
