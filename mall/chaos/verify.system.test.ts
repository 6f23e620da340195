import { createTestDatabase, type TestDatabase } from "@tidings/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBusyMall } from "../busy-mall.fixture.ts";
import { type Ask, allInvariants, findBroken } from "../invariants.ts";
import { runCrowd } from "../shopper-crowd.ts";
import { readSpec } from "../shopper-spec.ts";
import { Tally } from "../shopper-tally.ts";
import { collectDatabases } from "./collect.ts";
import { withDatabase } from "./database.ts";
import { logInvariants } from "./log-invariants.ts";
import { logPlants, receiveAsThroughBroker } from "./log-plants.fixture.ts";
import { untilQuiet } from "./quiet.ts";
import { compareWithShoppers } from "./verify.ts";
import { installWitness } from "./witness.ts";

const shoppers = 30;
const tally = new Tally();
let mall: Awaited<ReturnType<typeof startBusyMall>>;
let together: TestDatabase;
const { signal } = new AbortController();

/** The Mall of one process: each of its services has the same database. */
function databases() {
  const names = [
    "stores",
    "customers",
    "baskets",
    "ordering",
    "payments",
    "depot",
    "checkout",
    "notifications",
  ];
  return [...names, "search", "processor"].map((service) => ({ service, url: mall.databaseUrl }));
}

/** In a transaction that is rolled back. */
function inVain(work: (ask: Ask) => Promise<void>): Promise<void> {
  return withDatabase(together.url, async (query) => {
    await query("begin");
    await work(query);
    await query("rollback");
  });
}

beforeAll(async () => {
  [mall, together] = await Promise.all([startBusyMall(), createTestDatabase()]);
  await withDatabase(mall.databaseUrl, installWitness);
  mall.startBots({ count: 3, walkMs: [0, 20], pollMs: 50 });
  const place = { url: mall.url, tally, signal, inspect: await readSpec(mall.url) };
  await runCrowd(place, { shoppers: 10, seed: 1, name: "chaos", comesNext: (came) => came < shoppers });
  expect(tally.unexpected).toEqual([]);
  expect(await untilQuiet(databases(), { withinMs: 30_000, signal })).toEqual([]);
  await collectDatabases(databases(), together.url);
  await withDatabase(together.url, receiveAsThroughBroker);
}, 120_000);
afterAll(async () => {
  await mall?.close();
  await together?.drop();
});

describe("The data of all services, brought together", () => {
  it("is sound when nothing went wrong", () =>
    withDatabase(together.url, async (query) => {
      const checked = [...(await allInvariants(query)), ...(await logInvariants(query))];
      expect(await findBroken(query, checked)).toEqual([]);
      expect(await compareWithShoppers(query, tally)).toEqual([]);
      expect(await query("select from ordering.orders")).toHaveLength(tally.accepted.size);
      expect(tally.accepted.size).toBeGreaterThan(shoppers / 2);
    }));

  it("is complete: as many rows as there are in the services' own tables", async () => {
    const counts = `select (select count(*) from ordering.tidings_outbox) as outbox, (select count(*) from search.products)
      as products, (select count(*) from processor.holds) as holds, (select sum(length(data::text)) from baskets.tidings_events) as bytes`;
    const [copied] = await withDatabase(together.url, (query) => query(counts));
    expect([copied]).toEqual((await mall.pool.query(counts)).rows);
  });

  it("shows every fault of a log that is planted", () =>
    withDatabase(together.url, async (query) => {
      const titles = (await logInvariants(query)).map(({ title }) => title);
      expect(Object.keys(logPlants).toSorted()).toEqual(titles.toSorted());
      for (const [title, plant] of Object.entries(logPlants))
        await inVain(async (ask) => {
          expect(await ask(`${plant} returning 1`), title).not.toEqual([]);
          const broken = await findBroken(ask, await logInvariants(ask));
          expect(broken.map((one) => one.title)).toContain(title);
        });
    }));

  it.each([
    [
      "ordering.orders",
      "An order was lost whose checkout was accepted",
      "delete from ordering.orders where status = 'completed'",
    ],
    [
      "what shoppers saw",
      "A shopper saw an order end otherwise",
      "update ordering.orders set status = 'cancelled' where status = 'completed'",
    ],
  ])("shows what is wrong with %s", (_, what, plant) =>
    inVain(async (ask) => {
      await ask(plant);
      const found = await compareWithShoppers(ask, tally);
      expect(found.map((one) => one.what)).toContainEqual(expect.stringContaining(what));
      expect(found.at(-1)?.examples.length).toBeLessThanOrEqual(6);
    }),
  );

  it("shows messages that were not received, or received and not handled", async () => {
    const plants = [
      "update search.tidings_cursors set position = position - 1 where subscription = 'search/orders@inbox'",
      "delete from search.tidings_cursors where subscription = 'search/orders' and source = 'ordering'",
    ];
    for (const plant of plants)
      await inVain(async (ask) => {
        expect(await ask(`${plant} returning 1`)).not.toEqual([]);
        expect((await findBroken(ask)).map(({ title }) => title)).toContain("Every message was delivered");
      });
  });
});

describe("Quiet", () => {
  it("is not when something is open", async () => {
    const open = "update ordering.tidings_operations set done = $1";
    await mall.pool.query(open, [false]);
    const left = await untilQuiet(databases(), { withinMs: 100, signal });
    await mall.pool.query(open, [true]);
    expect(left[0]).toMatch(/^ordering: operation cancel-order /);
  });
});
