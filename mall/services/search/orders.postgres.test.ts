import { money } from "@mall/common/money";
import {
  OrderApproved,
  OrderCancellationAbandoned,
  OrderCancellationRequested,
  OrderCancelled,
  OrderCompleted,
  OrderReadied,
  OrderRejected,
} from "@mall/ordering/contract";
import { uuidv7 } from "tidings";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { FoundOrder } from "./schemas.ts";
import { type Found, itemOf, readAll, startSearch } from "./search.fixture.ts";

let world: Awaited<ReturnType<typeof startSearch>>;
beforeAll(async () => {
  world = await startSearch();
});
afterEach(() => world.become({ roles: ["operator"] }));
afterAll(() => world?.close());

async function find(query: string): Promise<readonly FoundOrder[]> {
  const { status, body } = await world.api<Found<FoundOrder>>(`GET /api/search/orders?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.items;
}

async function statusOf(customerId: string): Promise<unknown> {
  await world.settle();
  return (await find(`customerId=${customerId}`))[0]?.status;
}

describe("a search for orders", () => {
  it("answers the order as it was placed, and when", async () => {
    const before = Date.now();
    const { orderId: id, ...placed } = await world.placeOrder({});
    await world.settle();
    const [found] = await find(`customerId=${placed.customerId}`);
    expect(found).toEqual({ id, ...placed, status: "pending", placedAt: found?.placedAt });
    expect(Date.parse(found?.placedAt ?? "")).toBeGreaterThanOrEqual(before);
  });

  it("is narrowed by store, product, status, total and time", async () => {
    const [customerId, storeId, productId] = [uuidv7(), uuidv7(), uuidv7()];
    const small = await world.placeOrder({ customerId, total: money(100) });
    const large = await world.placeOrder({
      customerId,
      total: money(900),
      items: [itemOf(storeId, productId), itemOf(uuidv7(), uuidv7())],
    });
    await world.tell(OrderCancelled, { orderId: small.orderId, customerId });
    await world.settle();
    const idsOf = async (query: string) =>
      (await find(`customerId=${customerId}&${query}`)).map(({ id }) => id);
    const both = await find(`customerId=${customerId}`);
    const at = (index: number) => encodeURIComponent(both[index]?.placedAt ?? "");
    expect(both.map(({ id }) => id)).toEqual([large.orderId, small.orderId]);
    for (const query of [
      `storeId=${storeId}`,
      `productId=${productId}`,
      `productId=${productId}&storeId=${storeId}`,
      "status=pending",
      "minTotal=101",
      "minTotal=900&maxTotal=900",
    ]) {
      expect(await idsOf(query), query).toEqual([large.orderId]);
    }
    expect(await idsOf("maxTotal=899")).toEqual([small.orderId]);
    expect(await idsOf(`storeId=${productId}`)).toEqual([]);
    expect(await idsOf(`from=${at(1)}&to=${at(0)}`)).toHaveLength(2);
    const offset = new Date(Date.parse(both[0]?.placedAt ?? "") + 1).toISOString().replace("Z", "%2B00:00");
    expect(await idsOf(`from=${offset}`)).toEqual([]);
    expect(await idsOf("to=2020-01-01T00:00:00Z")).toEqual([]);
    expect(await idsOf("from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z")).toHaveLength(2);
  });

  it("neither skips nor repeats orders of the same moment from page to page", async () => {
    const customerId = uuidv7();
    for (let n = 0; n < 7; n++) await world.placeOrder({ customerId });
    await world.settle();
    const { pool } = world.host.application.host.runtime("search");
    await pool.query("update orders set placed_at = '2026-08-22T10:00:00Z' where customer_id = $1", [
      customerId,
    ]);
    for (const limit of [1, 2, 3]) {
      const all = await readAll<FoundOrder>(world.api, `/api/search/orders?customerId=${customerId}`, limit);
      expect(new Set(all.map(({ id }) => id)).size).toBe(7);
      expect(all).toHaveLength(7);
    }
  });

  it.each([
    ["/customerId", "customerId=42"],
    ["/status", "status=lost"],
    ["/storeId", "storeId=x"],
    ["/productId", "productId=x"],
    ["/from", "from=yesterday"],
    ["/from", "from=2026-08-22"],
    ["/from", "from=0000-01-01T00:00:00Z"],
    ["/to", "to=2026-02-30T00:00:00Z"],
    ["/to", "to=9999-12-31T23:59:59-01:00"],
    ["/minTotal", "minTotal=1e3"],
    ["/maxTotal", "maxTotal=-1"],
    ["/limit", "limit=ten"],
    ["/cursor", "cursor=abc"],
    [
      "/cursor",
      `cursor=${Buffer.from('["0000-01-01T00:00:00Z","01981f4a-7c00-7000-8000-000000000001"]').toString("base64url")}`,
    ],
  ])("is refused for its %s: %s", async (pointer, query) => {
    const { status, body } = await world.api<{ errors: { pointer: string }[] }>(
      `GET /api/search/orders?${query}`,
    );
    expect([status, body.errors?.map((error) => error.pointer)]).toEqual([422, [pointer]]);
  });
});

describe("an order that was found", () => {
  it("follows every change of its status", async () => {
    const order = await world.placeOrder({});
    const { orderId, customerId, paymentId, total } = order;
    const [shoppingListId, invoiceId, cancellationId] = [uuidv7(), uuidv7(), uuidv7()];
    const cancellation = { orderId, customerId, paymentId, cancellationId };
    await world.tell(OrderCancellationRequested, { ...cancellation, status: "pending" });
    expect(await statusOf(customerId)).toBe("cancelling");
    await world.tell(OrderCancellationAbandoned, {
      orderId,
      customerId,
      status: "pending",
      reason: "too-late",
    });
    expect(await statusOf(customerId)).toBe("pending");
    await world.tell(OrderApproved, { orderId, customerId, shoppingListId });
    expect(await statusOf(customerId)).toBe("approved");
    await world.tell(OrderCancellationRequested, { ...cancellation, status: "approved", shoppingListId });
    expect(await statusOf(customerId)).toBe("cancelling");
    await world.tell(OrderCancellationAbandoned, {
      orderId,
      customerId,
      status: "approved",
      reason: "too-late",
    });
    expect(await statusOf(customerId)).toBe("approved");
    await world.tell(OrderReadied, { orderId, customerId, paymentId, total });
    expect(await statusOf(customerId)).toBe("ready");
    await world.tell(OrderCompleted, { orderId, customerId, invoiceId });
    expect(await statusOf(customerId)).toBe("completed");
    expect(await find(`customerId=${customerId}`)).toMatchObject([
      { id: orderId, shoppingListId, invoiceId, total },
    ]);
  });

  it("ends rejected, with the reason, or cancelled", async () => {
    const [first, second] = [await world.placeOrder({}), await world.placeOrder({})];
    await world.tell(OrderRejected, { ...first, reason: "payment-declined" });
    await world.tell(OrderCancelled, second);
    await world.settle();
    expect(await find(`customerId=${first.customerId}`)).toMatchObject([
      { status: "rejected", rejectionReason: "payment-declined" },
    ]);
    expect(await find(`customerId=${second.customerId}`)).toMatchObject([{ status: "cancelled" }]);
  });
});

describe("a shopper", () => {
  it("finds its own orders, also without saying so, and nobody else's", async () => {
    const [mine, other] = [await world.placeOrder({}), await world.placeOrder({})];
    await world.settle();
    world.become({ roles: ["shopper"], customerId: mine.customerId });
    for (const query of ["", `customerId=${mine.customerId}`, "status=pending"])
      expect((await find(query)).map(({ id }) => id)).toEqual([mine.orderId]);
    for (const customerId of [other.customerId, uuidv7()])
      expect((await world.api(`GET /api/search/orders?customerId=${customerId}`)).status).toBe(404);
    world.become({ roles: ["shopper"] });
    expect((await world.api("GET /api/search/orders")).status).toBe(404);
  });
});

it("A request that carries the token of an order's placement waits until the order is found.", async () => {
  for (let round = 0; round < 20; round++) {
    const { placed, token } = await world.requestOrder();
    const path = `GET /api/search/orders?customerId=${placed.customerId}` as const;
    const { body } = await world.api<Found<FoundOrder>>(path, undefined, { "consistency-token": token });
    expect(body.items.map(({ id }) => id)).toEqual([placed.orderId]);
  }
});
