import { BasketCancelled, BasketCheckedOut, BasketStarted } from "@mall/baskets/contract";
import type { Api } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { OrderPlaced } from "@mall/ordering/contract";
import { until } from "@tidings/testing";
import { defineService, type Message, on } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkOut, fillBasket, paymentId, startMall } from "./mall.fixture.ts";

const heard = new Map<string, Message>();
const hear = (message: Message) => void heard.set(message.id, message);

/** Stands for whoever listens to baskets and ordering. */
const listener = defineService("listener", {
  reacts: [
    on(BasketStarted, hear),
    on(BasketCancelled, hear),
    on(BasketCheckedOut, hear),
    on(OrderPlaced, hear),
  ],
});

let mall: Awaited<ReturnType<typeof startMall>>;
let api: Api;

beforeAll(async () => {
  mall = await startMall({ more: [listener] });
  api = mall.api;
});
afterAll(() => mall?.close());

/** What was heard of one basket or order, in order. */
function heardOf(id: string): Message[] {
  return [...heard.values()].filter(({ key }) => key === id);
}

it("A cancelled basket is told once, with exactly its fields, and a refused change is not told.", async () => {
  const { basketId, customerId } = await fillBasket(api);
  await api(`DELETE /api/baskets/${basketId}`);
  await api(`DELETE /api/baskets/${basketId}`);
  const messages = await until("the cancellation is heard", () => {
    const all = heardOf(basketId);
    return all.length > 1 && all;
  });
  expect(messages.map(({ type, data }) => [type, data])).toEqual([
    ["baskets.BasketStarted", { basketId, customerId }],
    ["baskets.BasketCancelled", { basketId, customerId }],
  ]);
});

it("A checkout and the order that it makes are told once, at the new prices, with the operation.", async () => {
  const { basketId, customerId, productId, storeId } = await fillBasket(api);
  await api(`PUT /api/products/${productId}/price`, { price: money(1399) });
  await checkOut(api, basketId);
  const { body } = await checkOut(api, basketId, { acceptPriceChanges: true });
  const { orderId } = body.metadata;
  const [placed] = await until("the order is heard", () => {
    const all = heardOf(orderId);
    return all.length > 0 && all;
  });
  const [, checkedOut] = await until("the checkout is heard", () => {
    const all = heardOf(basketId);
    return all.length > 1 && all;
  });
  const line = { productId, productName: "Travelling ink", storeId, storeName: "The Paper Lantern" };
  const order = {
    orderId,
    customerId,
    paymentId,
    items: [{ ...line, quantity: 2, price: money(1399) }],
    total: money(2798),
  };
  expect(checkedOut).toMatchObject({ type: "baskets.BasketCheckedOut", data: { basketId, ...order } });
  expect(placed).toMatchObject({ type: "ordering.OrderPlaced", data: order, causationId: checkedOut?.id });
  expect([heardOf(basketId).length, heardOf(orderId).length]).toEqual([2, 1]);
  for (const message of [checkedOut, placed]) {
    expect(`operations/${message?.headers.operationId}`).toBe(body.name);
  }
});
