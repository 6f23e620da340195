import { until } from "@tidings/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startBusyMall } from "./busy-mall.fixture.ts";
import { plants } from "./invariant-plants.fixture.ts";
import { type Ask, allInvariants, findBroken, goingOn } from "./invariants.ts";
import { runCrowd } from "./shopper-crowd.ts";
import { readSpec } from "./shopper-spec.ts";
import { Tally } from "./shopper-tally.ts";

const shoppers = Number(process.env.MALL_TEST_SHOPPERS ?? 500);
const seed = Number(process.env.MALL_TEST_SEED ?? 1);

const tally = new Tally();
let mall: Awaited<ReturnType<typeof startBusyMall>>;
const ask: Ask = async <Row>(text: string) => (await mall.pool.query(text)).rows as Row[];

beforeAll(async () => {
  mall = await startBusyMall();
});
afterAll(() => mall?.close());

it(`All services agree when ${shoppers} shoppers have bought, cancelled and been refused while prices changed.`, {
  timeout: 240_000,
}, async () => {
  const { signal } = new AbortController();
  const place = { url: mall.url, tally, signal, inspect: await readSpec(mall.url) };
  const comesNext = (came: number) => came < shoppers;
  const crowd = runCrowd(place, { shoppers: 25, seed, name: "test", comesNext });
  const released = () => ask("select from processor.releases").then(({ length }) => length > 0);
  await until("an approved order was cancelled before any bot was there", released, { timeout: 60_000 });
  mall.startBots({ count: 4, walkMs: [20, 80], pollMs: 100 });
  await crowd;
  expect(tally.unexpected).toEqual([]);
  const quiet = async () => {
    const left = await goingOn(ask);
    if (left.length > 0) throw new Error(left.slice(0, 5).join("; "));
    return true;
  };
  await until("all is quiet", quiet, { timeout: 30_000, interval: 200 });
  expect(await findBroken(ask)).toEqual([]);
});

it("The shoppers have seen the same orders end in the same way, and in all ways that there are.", async () => {
  const orders = await ask<{ id: string; status: string; reason: string | null }>(
    "select id, status, rejection_reason as reason from ordering.orders order by id",
  );
  const seen = [...tally.orders.values()].map(({ orderId, status, rejectionReason = null }) => {
    return { id: orderId, status, reason: rejectionReason };
  });
  expect(seen.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(orders);
  expect([...tally.accepted].sort()).toEqual(orders.map(({ id }) => id));
  expect(new Set(orders.map(({ status }) => status))).toEqual(
    new Set(["completed", "rejected", "cancelled"]),
  );
  const met = new Set(orders.flatMap(({ reason }) => reason ?? []));
  expect((await ask("select from processor.releases")).length).toBeGreaterThan(0);
  for (const reason of ["payment-declined", "payment-already-used", "payment-too-small", "payment-unknown"])
    expect(met).toContain(reason);
});

it("Every invariant is seen to be broken when it is.", async () => {
  const titles = (await allInvariants(ask)).map(({ title }) => title);
  expect(Object.keys(plants).sort()).toEqual(titles.sort());
  for (const [title, plant] of Object.entries(plants)) {
    const client = await mall.pool.connect();
    try {
      await client.query("begin");
      expect((await client.query(plant)).rowCount, title).toBeGreaterThan(0);
      const broken = await findBroken(async <Row>(text: string) => (await client.query(text)).rows as Row[]);
      expect(broken.map((invariant) => invariant.title)).toContain(title);
    } finally {
      await client.query("rollback");
      client.release();
    }
  }
});
