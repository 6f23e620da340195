import { randomUUID } from "node:crypto";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readCursors } from "../cursors.ts";
import { logOf } from "./entries.fixture.ts";
import { createInbox, type Inbox } from "./inbox.fixture.ts";
import { type Lease, Leases } from "./leases.ts";
import { type Delivery, readReceipts, storeEntries } from "./store-entries.ts";

let inbox: Inbox;
let lease: Lease;
beforeEach(async () => {
  inbox = await createInbox();
  lease = await leaseOf(new Leases(inbox.pool, inbox.store));
});
afterEach(() => inbox.close());

async function leaseOf(leases: Leases): Promise<Lease> {
  const held = (await leases.take(["desk shop"])).get("desk shop");
  if (!held) throw new Error("The lease is not free.");
  return held;
}

async function expire(): Promise<void> {
  await inbox.pool.query(`update ${inbox.store.table("leases")} set expires_at = '-infinity'`);
}

const nothing = { marks: new Map(), sequence: 0, count: 0 };

function deliveryOf(positions: readonly number[], rest: Partial<Delivery> = {}): Delivery {
  const marks = new Map([[1, positions.at(-1) ?? 0]]);
  return { entries: logOf(1, positions), marks, sequence: 10, count: 0, ...rest };
}

async function store(delivery: Delivery, under: Lease = lease): Promise<boolean> {
  const { rows } = await inbox.pool.query(storeEntries(inbox.key, under, delivery));
  return rows.length > 0;
}

const receipts = () => readReceipts(inbox.pool, inbox.key);
const positions = async () => (await inbox.stored()).map(({ position }) => position);

it("stores entries, marks, sequence and count together", async () => {
  expect(await receipts()).toEqual(nothing);
  expect(await store(deliveryOf([3, 7]))).toBe(true);
  expect(await inbox.stored()).toEqual([
    { subscription: "desk", partition: 1, position: 3, type: "shop.Sold", data: { position: 3 } },
    { subscription: "desk", partition: 1, position: 7, type: "shop.Sold", data: { position: 7 } },
  ]);
  expect(await receipts()).toEqual({ marks: new Map([[1, 7]]), sequence: 10, count: 1 });
});

it("keeps every part of a message, also a reply's without data", async () => {
  const full = {
    id: randomUUID(),
    kind: "reply",
    type: "shop.Sell.Reply",
    version: 3,
    key: "ключ 'x'",
    time: "2026-05-06T07:08:09.123Z",
    data: undefined,
    correlationId: randomUUID(),
    causationId: randomUUID(),
    headers: { replyTo: "desk", actor: 'a "quoted" one' },
  } as const;
  expect(await store({ ...deliveryOf([4]), entries: logOf(1, [4], full) })).toBe(true);
  const { rows } = await inbox.pool.query(`select * from ${inbox.store.table("inbox")}`);
  const { correlationId, causationId, time, data: _, ...same } = full;
  expect(rows).toMatchObject([
    {
      ...same,
      source: "shop",
      time: new Date(time),
      correlation_id: correlationId,
      causation_id: causationId,
    },
  ]);
  expect(rows[0].data).toBeNull();
});

it("moves marks and sequence when nothing concerned the subscription, which is then as far as its log", async () => {
  expect(await store({ entries: [], marks: new Map([[2, 99]]), sequence: 40, count: 0 })).toBe(true);
  expect(await store({ entries: [], marks: new Map(), sequence: 50, count: 1 })).toBe(true);
  expect(await receipts()).toEqual({ marks: new Map([[2, 99]]), sequence: 50, count: 2 });
  const passed = await readCursors(inbox.pool, inbox.store, inbox.key.source, ["desk"]);
  expect(passed.map(({ position }) => position)).toEqual([0, 0, 99, 0]);
});

it.each([
  ["another process", (held: Lease) => ({ ...held, owner: randomUUID() })],
  ["an earlier token", (held: Lease) => ({ ...held, token: String(Number(held.token) - 1) })],
  ["a lease that nobody has", (held: Lease) => ({ ...held, name: "desk elsewhere" })],
])("refuses %s, and writes nothing", async (_, change) => {
  expect(await store(deliveryOf([3]), change(lease))).toBe(false);
  expect([await inbox.stored(), await receipts()]).toEqual([[], nothing]);
});

it.each([-1, 1, 5])("refuses a count that is off by %i, and writes nothing", async (off) => {
  for (const count of [0, 1, 2]) await store(deliveryOf([count + 1], { count }));
  const before = [await inbox.stored(), await receipts()];
  expect(await store(deliveryOf([30], { count: 3 + off }))).toBe(false);
  expect([await inbox.stored(), await receipts()]).toEqual(before);
  expect(await store(deliveryOf([30], { count: 3 }))).toBe(true);
});

it("stores under a lease that has expired until another process takes it, and then no more", async () => {
  await expire();
  expect(await store(deliveryOf([1]))).toBe(true);
  const other = await leaseOf(new Leases(inbox.pool, inbox.store));
  expect(await store(deliveryOf([2], { count: 1 }))).toBe(false);
  expect(await store(deliveryOf([2], { count: 1 }), other)).toBe(true);
  expect(await positions()).toEqual([1, 2]);
});

it("keeps the lease from being taken until its transaction has ended, so that who takes it sees what was stored", async () => {
  const [client, observer] = [await inbox.pool.connect(), await inbox.pool.connect()];
  try {
    await expire();
    await client.query("begin");
    expect((await client.query(storeEntries(inbox.key, lease, deliveryOf([1])))).rows).toHaveLength(1);
    await observer.query("set lock_timeout = 200");
    const taking = new Leases(observer, inbox.store).take(["desk shop"]);
    await expect(taking).rejects.toMatchObject({ code: "55P03" });
    await observer.query("reset lock_timeout");
    const waiting = new Leases(observer, inbox.store).take(["desk shop"]);
    await client.query("commit");
    expect((await waiting).size).toBe(1);
    expect(await readReceipts(observer, inbox.key)).toMatchObject({ count: 1, sequence: 10 });
  } finally {
    client.release(true);
    observer.release(true);
  }
});

it("waits for one who takes the lease at the same moment, and then refuses", async () => {
  const taker = await inbox.pool.connect();
  try {
    await expire();
    await taker.query("begin");
    expect((await new Leases(taker, inbox.store).take(["desk shop"])).size).toBe(1);
    const storing = store(deliveryOf([1]));
    await taker.query("commit");
    expect(await storing).toBe(false);
    expect(await inbox.stored()).toEqual([]);
  } finally {
    taker.release(true);
  }
});

it("stores one of two deliveries that begin with the same count, also when a lost connection still commits the first", async () => {
  const client = await inbox.pool.connect();
  try {
    await client.query("begin");
    expect((await client.query(storeEntries(inbox.key, lease, deliveryOf([1, 2])))).rows).toHaveLength(1);
    const second = store(deliveryOf([1, 2, 3], { sequence: 11 }));
    await until("the second waits for the first", async () => {
      const { rows } = await inbox.pool.query(
        "select from pg_stat_activity where datname = current_database() and wait_event = 'transactionid'",
      );
      return rows.length === 1;
    });
    await client.query("commit");
    expect(await second).toBe(false);
    expect(await positions()).toEqual([1, 2]);
    expect(await receipts()).toEqual({ marks: new Map([[1, 2]]), sequence: 10, count: 1 });
  } finally {
    client.release(true);
  }
});
