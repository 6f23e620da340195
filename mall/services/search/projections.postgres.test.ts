import { money } from "@mall/common/money";
import { OrderApproved } from "@mall/ordering/contract";
import { until } from "@tidings/testing";
import { uuidv7 } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { FoundProduct, ProjectionResource } from "./schemas.ts";
import { type Found, readAll, startSearch } from "./search.fixture.ts";

let world: Awaited<ReturnType<typeof startSearch>>;
beforeAll(async () => {
  world = await startSearch();
  const storeId = await world.openStore("The Paper Lantern");
  for (let n = 1; n <= 5; n++) await world.addProduct({ storeId, name: `Thing ${n}`, price: money(n) });
  const order = await world.placeOrder({});
  await world.tell(OrderApproved, { ...order, shoppingListId: uuidv7() });
  await world.settle();
});
afterAll(() => world?.close());

const rebuild = (name: string) =>
  world.api<ProjectionResource>(`POST /api/search/projections/${name}/rebuild`);

async function projections(): Promise<readonly ProjectionResource[]> {
  return (await world.api<Found<ProjectionResource>>("GET /api/search/projections")).body.items;
}

async function whenDone(name: string): Promise<ProjectionResource> {
  return until(`${name} is rebuilt`, async () => {
    const found = (await projections()).find((projection) => projection.name === name);
    return found?.state === "done" && found;
  });
}

it("The projections are listed by name, idle before their first rebuild, page by page.", async () => {
  const idle = [
    { name: "orders", state: "idle" },
    { name: "products", state: "idle" },
  ];
  expect(await projections()).toEqual(idle);
  expect(await readAll(world.api, "/api/search/projections?", 1)).toEqual(idle);
});

it.each([
  ["products", "update search.products set name = 'Wrong'; update search.stores set name = null", 6],
  ["orders", "truncate search.orders", 2],
])("A rebuild repairs %s and says how far it is.", async (name, harm, total) => {
  const read = async () => [
    await readAll(world.api, "/api/search/products?", 50),
    await readAll(world.api, "/api/search/orders?", 50),
  ];
  const before = await read();
  await world.host.application.host.runtime("search").pool.query(harm);
  expect(await read()).not.toEqual(before);
  const started = await rebuild(name);
  expect([started.status, started.body]).toMatchObject([
    202,
    { name, state: "running", progress: { handled: 0, total, percent: 0 } },
  ]);
  const done = await whenDone(name);
  expect(done.progress).toMatchObject({ handled: total, total, percent: 100 });
  expect(await read()).toEqual(before);
  expect(
    (await world.api<Found<FoundProduct>>("GET /api/search/products?q=lantern")).body.items,
  ).toHaveLength(5);
});

it("A rebuild that runs is not started again, can be cancelled once, and is started once for one key.", async () => {
  const { pool } = world.host.application.host.runtime("search");
  const held = await pool.connect();
  try {
    await held.query("begin; select * from search.products");
    const key = { "idempotency-key": '"rebuild-once"' };
    const path = "/api/search/projections/products/rebuild";
    const [first, repeat] = [
      await world.api(`POST ${path}`, undefined, key),
      await world.api(`POST ${path}`, undefined, key),
    ];
    expect([first.status, repeat.status]).toEqual([202, 202]);
    expect(repeat.body).toEqual(first.body);
    expect(await rebuild("products")).toMatchObject({ status: 409, body: { rule: "rebuild-running" } });
    expect((await world.api(`DELETE ${path}`)).status).toBe(204);
    expect(await world.api(`DELETE ${path}`)).toMatchObject({
      status: 409,
      body: { rule: "rebuild-not-running" },
    });
    expect((await projections())[1]).toMatchObject({ name: "products", state: "cancelled" });
  } finally {
    await held.query("rollback");
    held.release();
  }
});

it.each(["other", "Products", "42", "products%00"])("The projection %j is not found.", async (name) => {
  expect((await rebuild(name)).status).toBe(404);
  expect((await world.api(`DELETE /api/search/projections/${name}/rebuild`)).status).toBe(404);
});
