import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FollowedTopics } from "./followed-topics.ts";
import type { LiveState } from "./live-state.ts";
import type { LiveRow } from "./live-topic.ts";

/** Stands for a database: what is tested is how often it is asked, and who is told what. */
let rows: Map<string, LiveRow>;
let queries: { ids: readonly string[]; known: readonly number[] }[];
let failures: unknown[];
let isFailing: boolean;
let isHanging: boolean;
let open: FollowedTopics[];

beforeEach(() => {
  [rows, queries, failures, isFailing, isHanging, open] = [new Map(), [], [], false, false, []];
});
afterEach(() => {
  for (const topics of open) topics.close();
});

function create({ recheckMs = 10_000, graceMs = 0, readMs = 2 } = {}): FollowedTopics {
  const read = async (ids: readonly string[], known: readonly number[]) => {
    queries.push({ ids, known });
    await new Promise((resolve) => setTimeout(resolve, readMs));
    if (isHanging) return new Promise<never>(() => {});
    if (isFailing) throw new Error("unreachable");
    return ids.flatMap((id) => rows.get(id) ?? []);
  };
  const kind = { name: "things", graceMs, read };
  const topics = new FollowedTopics(kind, {
    recheckMs,
    limitMs: 50,
    failed: (error) => failures.push(error),
  });
  open.push(topics);
  return topics;
}

const put = (id: string, version: number, owner?: string) =>
  rows.set(id, { id, version, owner, data: { version } });

/** A follower that remembers what it was told. */
function follower(options: { maySee?: (owner: string | undefined) => boolean } = {}) {
  const told: (number | string)[] = [];
  return {
    told,
    ...options,
    changed: ({ version }: LiveState) => void told.push(version),
    missing: () => void told.push("missing"),
    closed: () => void told.push("closed"),
  };
}

type Told = ReturnType<typeof follower>;

test("a follower is told how a thing stands, and then each time that it has changed", async () => {
  const [topics, ann] = [create(), follower()];
  put("a", 1);
  topics.follow("a", ann, -1);
  await until("the first state", () => ann.told.length === 1);
  topics.changed(["a"]);
  put("a", 3);
  topics.changed(["a"]);
  await until("the next state", () => ann.told.length === 2);
  expect(ann.told).toEqual([1, 3]);
});

test("a follower that knows a version is told only of another one", async () => {
  const [topics, ann] = [create({ recheckMs: 5 }), follower()];
  put("a", 4);
  topics.follow("a", ann, 4);
  await until("a few rounds", () => queries.length > 3);
  put("a", 5);
  await until("the change", () => ann.told.length > 0);
  expect([ann.told, queries[0]?.known]).toEqual([[5], [4]]);
});

test("who begins to follow while others do is told the state too, and they are not told it again", async () => {
  const [topics, ann, bob] = [create(), follower(), follower()];
  put("a", 1);
  topics.follow("a", ann, -1);
  topics.follow("a", bob, -1);
  await until("both know", () => ann.told.length + bob.told.length === 2);
  const cid = follower();
  topics.follow("a", cid, -1);
  await until("the third knows", () => cid.told.length === 1);
  expect([ann.told, bob.told, cid.told]).toEqual([[1], [1], [1]]);
});

test("a thousand followers cost one query for each round, and signals in quick succession share one", async () => {
  const topics = create({ recheckMs: 50 });
  for (let n = 0; n < 1_000; n++) topics.follow(`id-${n}`, follower(), 0);
  await until("three rounds", () => queries.filter(({ ids }) => ids.length === 1_000).length >= 3);
  expect(queries.length).toBeLessThan(8);
  const before = queries.length;
  for (let n = 0; n < 1_000; n++) topics.changed([`id-${n}`]);
  expect(queries.length - before).toBeLessThanOrEqual(1);
});

test("queries in quick succession take a third of the time at most", async () => {
  const topics = create({ readMs: 10 });
  topics.follow("a", follower(), 0);
  const began = performance.now();
  while (queries.length < 10) {
    topics.changed(["a"]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((performance.now() - began) / 9).toBeGreaterThan(25);
});

test("a thing that does not exist, or is not the follower's to see, is missing", async () => {
  const [topics, nobody, bob] = [create(), follower(), follower({ maySee: (owner) => owner === "bob" })];
  put("a", 1, "ann");
  topics.follow("none", nobody, -1);
  topics.follow("a", bob, -1);
  await until("both are told", () => nobody.told.length + bob.told.length === 2);
  expect([nobody.told, bob.told, topics.size]).toEqual([["missing"], ["missing"], 0]);
});

test("a thing that is about to exist is waited for", async () => {
  const [topics, early, never] = [create({ recheckMs: 20, graceMs: 300 }), follower(), follower()];
  topics.follow("a", early, -1);
  topics.follow("none", never, -1);
  await until("a few rounds", () => queries.length > 2);
  put("a", 1);
  await until("the grace is over", () => never.told.length === 1);
  expect([early.told, never.told]).toEqual([[1], ["missing"]]);
});

test("another's thing is not told while it may still become the follower's", async () => {
  const topics = create({ recheckMs: 20, graceMs: 100 });
  const [bob, eve] = ["bob", "eve"].map((name) => follower({ maySee: (owner) => owner === name }));
  put("a", 1, "ann");
  topics.follow("a", bob as Told, -1);
  topics.follow("a", eve as Told, -1);
  await until("a few rounds", () => queries.length > 2);
  put("a", 2, "bob");
  await until("the grace is over", () => eve?.told.length === 1);
  expect([bob?.told, eve?.told]).toEqual([[2], ["missing"]]);
});

test("who loses the right to see a thing is told no more of it", async () => {
  const [topics, bob] = [create(), follower({ maySee: (owner) => owner === "bob" })];
  put("a", 1, "bob");
  topics.follow("a", bob, -1);
  await until("the first state", () => bob.told.length === 1);
  put("a", 2, "ann");
  topics.changed(["a"]);
  await until("it is over", () => topics.size === 0);
  expect(bob.told).toEqual([1, "missing"]);
});

test("a query that fails is asked again, and a follower that throws harms nobody", async () => {
  const [topics, ann] = [create({ recheckMs: 10 }), follower()];
  put("a", 1);
  isFailing = true;
  const broken = {
    changed: () => {
      throw new Error("broken");
    },
  };
  topics.follow("a", broken, -1);
  topics.follow("a", ann, -1);
  await until("it has failed", () => failures.length > 1);
  isFailing = false;
  await until("the follower is told", () => ann.told.length === 1);
  expect(String(failures.at(-1))).toBe("Error: broken");
});

test("a query that does not end does not hold up the next ones", async () => {
  const [topics, ann] = [create({ recheckMs: 10 }), follower()];
  put("a", 1);
  isHanging = true;
  topics.follow("a", ann, -1);
  await until("it was given up", () => failures.length > 0);
  isHanging = false;
  await until("the follower is told", () => ann.told.length === 1);
});

test("nobody follows, nothing is asked", async () => {
  const [topics, ann] = [create({ recheckMs: 1 }), follower()];
  put("a", 1);
  const leave = topics.follow("a", ann, -1);
  await until("the first state", () => ann.told.length === 1);
  leave();
  leave();
  const asked = queries.length;
  topics.changed(["a"]);
  topics.recheck();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect([queries.length, topics.size]).toEqual([asked, 0]);
});

test("all are told when it closes", () => {
  const [topics, ann] = [create(), follower()];
  topics.follow("a", ann, -1);
  topics.close();
  expect([ann.told, topics.size]).toEqual([["closed"], 0]);
});
