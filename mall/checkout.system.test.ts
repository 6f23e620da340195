import { createOrderSteps } from "@mall/checkout/contract";
import type { Api } from "@mall/common/http-client";
import { type Money, money } from "@mall/common/money";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addItem,
  addProduct,
  type BasketAnswer,
  checkOut,
  fillBasket,
  openStore,
  paymentId,
  problemOf,
  readyToBuy,
  startBasket,
  startMall,
  whenDone,
} from "./mall.fixture.ts";

interface OrderAnswer {
  readonly status: string;
  readonly items: readonly { readonly quantity: number; readonly price: Money }[];
  readonly total: Money;
}

let mall: Awaited<ReturnType<typeof startMall>>;
let api: Api;

beforeAll(async () => {
  mall = await startMall();
  api = mall.api;
});
afterAll(() => mall?.close());

function notificationsOf(customerId: string) {
  return api<{ items: { orderId: string; kind: string }[] }>(
    `GET /api/customers/${customerId}/notifications`,
  );
}

async function placedFor(customerId: string): Promise<number> {
  const { items } = (await notificationsOf(customerId)).body;
  return items.filter(({ kind }) => kind === "placed").length;
}

describe("a checkout", () => {
  it("answers an operation that names the order at once, and ends when the order is approved", async () => {
    const { basketId, payment } = await readyToBuy(api);
    const { status, headers, body } = await checkOut(api, basketId, payment);
    expect([status, headers.get("location")]).toEqual([202, `/api/${body.name}`]);
    expect(body).toMatchObject({ done: false, metadata: { kind: "checkout" } });
    const { orderId } = body.metadata;
    expect(orderId).not.toBe(basketId);
    const done = await whenDone(api, body);
    expect(done).toMatchObject({
      metadata: { orderId, progressPercent: 100 },
      response: { orderId, status: "approved" },
    });
    expect(done.metadata.steps.map(({ name, state }) => [name, state])).toEqual(
      createOrderSteps.map((name) => [name, "done"]),
    );
    expect(done).not.toHaveProperty("error");
    expect((await api<OrderAnswer>(`GET /api/orders/${orderId}`)).body.status).toBe("approved");
  });

  it("whose payment is unknown ends with the reason, and what was done is undone", async () => {
    const { basketId } = await fillBasket(api);
    const { body } = await checkOut(api, basketId);
    const done = await whenDone(api, body);
    expect(done).toMatchObject({ error: { status: 409, rule: "payment-unknown" } });
    expect(done).not.toHaveProperty("response");
    expect(done.metadata.steps.map(({ state }) => state)).toEqual([
      "done",
      "compensated",
      "failed",
      "pending",
      "pending",
    ]);
    const { orderId } = body.metadata;
    expect((await api<OrderAnswer>(`GET /api/orders/${orderId}`)).body).toMatchObject({
      status: "rejected",
      rejectionReason: "payment-unknown",
    });
  });

  it("leads to an order that its Consistency-Token finds at once, with the shopper's notification", async () => {
    const { basketId, customerId, storeId, productId } = await fillBasket(api);
    const { orderId } = (await checkOut(api, basketId)).body.metadata;
    const { status, body } = await api(`GET /api/orders/${orderId}`);
    expect(status).toBe(200);
    const line = { productId, productName: "Travelling ink", storeId, storeName: "The Paper Lantern" };
    expect(body).toMatchObject({
      id: orderId,
      customerId,
      paymentId,
      status: expect.stringMatching(/^(pending|rejected)$/),
      items: [{ ...line, quantity: 2, price: money(1299) }],
      total: money(2598),
    });
    const inbox = (await notificationsOf(customerId)).body.items;
    expect(inbox).toContainEqual(expect.objectContaining({ orderId, kind: "placed" }));
  });

  it("closes the basket", async () => {
    const { basketId, productId } = await fillBasket(api);
    await checkOut(api, basketId);
    const { body } = await api<BasketAnswer>(`GET /api/baskets/${basketId}`);
    expect(body).toMatchObject({ status: "checkedOut", items: [{ quantity: 2 }], total: money(2598) });
    expect(problemOf(await checkOut(api, basketId))).toBe("409 basket-is-not-open");
    expect(problemOf(await addItem(api, basketId, productId))).toBe("409 basket-is-not-open");
    expect(problemOf(await api(`DELETE /api/baskets/${basketId}`))).toBe("409 basket-is-not-open");
  });

  it("is refused for an empty basket", async () => {
    expect(problemOf(await checkOut(api, await startBasket(api)))).toBe("409 basket-is-empty");
  });

  it("is refused without a payment id", async () => {
    const { basketId } = await fillBasket(api);
    const answer = await checkOut(api, basketId, { paymentId: "card" });
    expect(problemOf(answer)).toBe("422 validation-failed");
    expect(answer.body.errors).toMatchObject([{ pointer: "/paymentId" }]);
  });

  it("asked for twice at the same time is carried out once", async () => {
    const { basketId, customerId } = await fillBasket(api);
    const answers = await Promise.all([1, 2, 3].map(() => checkOut(mall.visitor(), basketId)));
    expect(answers.map(problemOf).sort()).toEqual([
      "202",
      "409 basket-is-not-open",
      "409 basket-is-not-open",
    ]);
    const accepted = answers.find(({ status }) => status === 202);
    await whenDone(api, accepted?.body as NonNullable<typeof accepted>["body"]);
    expect(await placedFor(customerId)).toBe(1);
  });

  it("repeated under its Idempotency-Key answers the same operation, and makes one order", async () => {
    const { basketId, customerId } = await fillBasket(api);
    const key = { "idempotency-key": `checkout-${basketId}` };
    const first = await checkOut(api, basketId, {}, key);
    const second = await checkOut(api, basketId, {}, key);
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.metadata.orderId).toBe(first.body.metadata.orderId);
    expect(second.body.name).toBe(first.body.name);
    await whenDone(api, first.body);
    expect(await placedFor(customerId)).toBe(1);
    expect(problemOf(await checkOut(api, basketId, { acceptPriceChanges: true }, key))).toBe(
      "422 idempotency-key-reused",
    );
  });

  it("that a client waits for is answered with the finished operation", async () => {
    const { basketId, payment } = await readyToBuy(api);
    const { status, body } = await checkOut(api, basketId, payment, { prefer: "wait=10" });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      done: true,
      response: { orderId: body.metadata.orderId, status: "approved" },
    });
  });
});

describe("a checkout after a price change", () => {
  it.each([1399, 999])("to %d is refused until the shopper accepts it, and then uses it", async (amount) => {
    const { basketId, productId } = await fillBasket(api);
    await api(`PUT /api/products/${productId}/price`, { price: money(amount) });
    expect(problemOf(await checkOut(api, basketId))).toBe("409 price-changed");
    expect(problemOf(await checkOut(api, basketId, { acceptPriceChanges: false }))).toBe("409 price-changed");
    const { status, body } = await checkOut(api, basketId, { acceptPriceChanges: true });
    expect(status).toBe(202);
    const order = await api<OrderAnswer>(`GET /api/orders/${body.metadata.orderId}`);
    expect(order.body).toMatchObject({
      items: [{ quantity: 2, price: money(amount) }],
      total: money(2 * amount),
    });
    const basket = (await api<BasketAnswer>(`GET /api/baskets/${basketId}`)).body;
    expect(basket).toMatchObject({ items: [{ price: money(amount) }], total: money(2 * amount) });
    expect(basket.items[0]).not.toHaveProperty("priceChanged");
  });

  it("goes on at the old price when the change was taken back", async () => {
    const { basketId, productId } = await fillBasket(api);
    for (const amount of [1399, 1299])
      await api(`PUT /api/products/${productId}/price`, { price: money(amount) });
    expect((await checkOut(api, basketId)).status).toBe(202);
  });

  it("of another product is not concerned", async () => {
    const { basketId, storeId } = await fillBasket(api);
    const other = await addProduct(api, storeId);
    await api(`PUT /api/products/${other}/price`, { price: money(5) });
    expect((await checkOut(api, basketId)).status).toBe(202);
  });
});

describe("a checkout of things that have changed since", () => {
  it("goes on when a product is not sold any more, its store has left, or the customer is disabled", async () => {
    const { basketId, productId, storeId, customerId } = await fillBasket(api);
    await api(`DELETE /api/products/${productId}`);
    await api(`PUT /api/stores/${storeId}/participation`, { participating: false });
    await api(`PUT /api/customers/${customerId}/enabled`, { enabled: false });
    const { status, body } = await checkOut(api, basketId);
    expect(status).toBe(202);
    expect((await api<OrderAnswer>(`GET /api/orders/${body.metadata.orderId}`)).body.total).toEqual(
      money(2598),
    );
  });

  it("adds up the lines of several stores", async () => {
    const { basketId } = await fillBasket(api);
    const amounts = [1, 33, 10_000_000_000];
    for (const amount of amounts) {
      const productId = await addProduct(api, await openStore(api), amount);
      expect((await addItem(api, basketId, productId, 7)).status).toBe(200);
    }
    const { orderId } = (await checkOut(api, basketId)).body.metadata;
    const { items, total } = (await api<OrderAnswer>(`GET /api/orders/${orderId}`)).body;
    expect(total).toEqual(money(2 * 1299 + 7 * (1 + 33 + 10_000_000_000)));
    expect(items.reduce((sum, { quantity, price }) => sum + quantity * price.amount, 0)).toBe(total.amount);
  });
});
