import * as baskets from "@mall/baskets/contract";
import { money } from "@mall/common/money";
import * as customers from "@mall/customers/contract";
import * as depot from "@mall/depot/contract";
import * as ordering from "@mall/ordering/contract";
import * as payments from "@mall/payments/contract";
import * as stores from "@mall/stores/contract";
import { until } from "@tidings/testing";
import { defineService, type EventContract, type Message, on } from "tidings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { approvedOrder, readyOrder } from "./conformance-scene.fixture.ts";
import { authorize, checkOut, fillBasket, startMall, whenDone } from "./mall.fixture.ts";

/** Every event that the services tell each other of, and the fields that it has for sure. */
const promised: Readonly<Record<string, readonly string[]>> = {
  "stores.StoreOpened": ["storeId", "name", "location"],
  "stores.StoreParticipationChanged": ["storeId", "participating"],
  "stores.StoreRebranded": ["storeId", "name"],
  "stores.ProductAdded": ["productId", "storeId", "name", "description", "sku", "price"],
  "stores.ProductRebranded": ["productId", "name", "description"],
  "stores.ProductPriceIncreased": ["productId", "from", "to"],
  "stores.ProductPriceDecreased": ["productId", "from", "to"],
  "stores.ProductRemoved": ["productId", "storeId"],
  "customers.CustomerRegistered": ["customerId", "name", "email", "smsNumber"],
  "customers.CustomerSmsNumberChanged": ["customerId"],
  "customers.CustomerEnabled": ["customerId"],
  "customers.CustomerDisabled": ["customerId"],
  "baskets.BasketStarted": ["basketId"],
  "baskets.BasketCancelled": ["basketId"],
  "baskets.BasketCheckedOut": ["basketId", "orderId", "customerId", "paymentId", "items", "total"],
  "ordering.OrderPlaced": ["orderId", "customerId", "paymentId", "items", "total"],
  "ordering.OrderApproved": ["orderId"],
  "ordering.OrderRejected": ["orderId", "reason"],
  "ordering.OrderReadied": ["orderId", "customerId", "paymentId", "total"],
  "ordering.OrderCancellationRequested": ["orderId"],
  "ordering.OrderCancelled": ["orderId"],
  "ordering.OrderCompleted": ["orderId", "customerId", "invoiceId"],
  "payments.PaymentAuthorized": ["paymentId"],
  "payments.PaymentDeclined": ["paymentId"],
  "payments.PaymentConfirmed": ["paymentId"],
  "payments.PaymentReleased": ["paymentId"],
  "payments.InvoiceCreated": ["invoiceId"],
  "payments.InvoicePaid": ["invoiceId", "orderId", "amount"],
  "depot.ShoppingListCreated": ["shoppingListId", "orderId"],
  "depot.ShoppingListMadeAvailable": ["shoppingListId", "orderId"],
  "depot.ShoppingListAssigned": ["shoppingListId", "orderId"],
  "depot.ShoppingListStopCollected": ["shoppingListId", "orderId"],
  "depot.ShoppingListCompleted": ["shoppingListId", "orderId"],
  "depot.ShoppingListCancelled": ["shoppingListId", "orderId"],
};

/** Told as well: that a cancellation came to nothing. */
const beyond = ["ordering.OrderCancellationAbandoned"];

const contracts = [stores, customers, baskets, ordering, payments, depot]
  .flatMap((module) => Object.values(module) as unknown[])
  .filter((value): value is EventContract => (value as Partial<EventContract>)?.kind === "event");

const heard = new Map<string, Message>();

/** Stands for whoever listens. */
const listener = defineService("listener", {
  reacts: contracts.map((contract) => on(contract, (message) => void heard.set(message.id, message))),
});

let mall: Awaited<ReturnType<typeof startMall>>;
beforeAll(async () => {
  mall = await startMall({ more: [listener] });
});
afterAll(() => mall?.close());

/** What a service told about something, in order: the names of the events and their data. */
async function toldOf(service: string, key: string, count: number) {
  const told = () =>
    [...heard.values()].filter((message) => message.key === key && message.source === service);
  await until(`${service} has told ${count} events of ${key}`, () => told().length >= count && told());
  return told().map(({ type, data }) => [type.replace(`${service}.`, ""), data as object] as const);
}

function namesOf(told: readonly (readonly [name: string, data: object])[]): string[] {
  return told.map(([name]) => name);
}

describe("an order that is carried out to its end", () => {
  it("is told by every service, once and in order, with all that others need", async () => {
    const api = mall.visitor();
    const { orderId, listId, invoiceId, paymentId, botId, ...bought } = await readyOrder(api);
    const { customerId, storeId, productId } = bought;
    await api(`POST /api/invoices/${invoiceId}/pay`);
    const line = { productId, productName: "Travelling ink", storeId, storeName: "The Paper Lantern" };
    const placed = {
      orderId,
      customerId,
      paymentId,
      items: [{ ...line, quantity: 2, price: money(1299) }],
      total: money(2598),
    };
    const ofList = { shoppingListId: listId, orderId };
    expect(await toldOf("ordering", orderId, 4)).toEqual([
      ["OrderPlaced", placed],
      ["OrderApproved", { orderId, customerId, shoppingListId: listId }],
      ["OrderReadied", { orderId, customerId, paymentId, total: money(2598) }],
      ["OrderCompleted", { orderId, customerId, invoiceId }],
    ]);
    expect(await toldOf("depot", orderId, 5)).toEqual([
      ["ShoppingListCreated", ofList],
      ["ShoppingListMadeAvailable", ofList],
      ["ShoppingListAssigned", { ...ofList, botId }],
      ["ShoppingListStopCollected", { ...ofList, storeId }],
      ["ShoppingListCompleted", ofList],
    ]);
    expect(await toldOf("payments", orderId, 2)).toEqual([
      ["InvoiceCreated", { invoiceId, orderId, customerId, amount: money(2598) }],
      ["InvoicePaid", { invoiceId, orderId, amount: money(2598) }],
    ]);
    expect(await toldOf("payments", paymentId, 2)).toEqual([
      ["PaymentAuthorized", { paymentId, customerId, amount: money(2598) }],
      ["PaymentConfirmed", { paymentId, customerId, orderId, amount: money(2598) }],
    ]);
    const [, checkedOut] = await toldOf("baskets", bought.basketId, 2);
    expect(checkedOut).toEqual(["BasketCheckedOut", { basketId: bought.basketId, ...placed }]);
  });
});

describe("an order that comes to nothing", () => {
  it("because of its payment is told as rejected with the reason, and its list as cancelled", async () => {
    const api = mall.visitor();
    const { customerId, basketId } = await fillBasket(api);
    const paymentId = await authorize(api, customerId, 2598, "tok_declined");
    const { body } = await checkOut(api, basketId, { paymentId });
    await whenDone(api, body);
    const { orderId } = body.metadata;
    const [, rejected] = await toldOf("ordering", orderId, 2);
    expect(rejected).toEqual(["OrderRejected", { orderId, customerId, reason: "payment-declined" }]);
    expect(namesOf(await toldOf("depot", orderId, 2))).toEqual([
      "ShoppingListCreated",
      "ShoppingListCancelled",
    ]);
    const declined = { paymentId, customerId, amount: money(2598), reason: "card-declined" };
    expect(await toldOf("payments", paymentId, 1)).toEqual([["PaymentDeclined", declined]]);
  });

  it("because it is cancelled is told as cancelled, with its list and its payment", async () => {
    const api = mall.visitor();
    const { orderId, customerId, paymentId } = await approvedOrder(api);
    await api(`POST /api/orders/${orderId}/cancel`, undefined, { prefer: "wait=10" });
    const told = await toldOf("ordering", orderId, 4);
    expect(namesOf(told)).toEqual([
      "OrderPlaced",
      "OrderApproved",
      "OrderCancellationRequested",
      "OrderCancelled",
    ]);
    expect(told[2]?.[1]).toMatchObject({ orderId, customerId, paymentId, status: "approved" });
    expect(namesOf(await toldOf("depot", orderId, 3)).at(-1)).toBe("ShoppingListCancelled");
    expect((await toldOf("payments", paymentId, 3)).at(-1)).toEqual([
      "PaymentReleased",
      { paymentId, customerId, orderId, amount: money(2598) },
    ]);
  });
});

describe("what changes in a store and of a customer", () => {
  it("is told once, and not at all when nothing changes", async () => {
    const api = mall.visitor();
    const { storeId, productId, customerId } = await fillBasket(api);
    const twice = async (route: Parameters<typeof api>[0], body?: object) => {
      for (const _ of [1, 2]) await api(route, body);
    };
    await twice(`PUT /api/stores/${storeId}/name`, { name: "The Lantern" });
    await twice(`PUT /api/stores/${storeId}/participation`, { participating: false });
    await twice(`PATCH /api/products/${productId}`, { description: "Dries." });
    await twice(`PUT /api/products/${productId}/price`, { price: money(1400) });
    await twice(`PUT /api/products/${productId}/price`, { price: money(5) });
    await twice(`DELETE /api/products/${productId}`);
    await twice(`PUT /api/customers/${customerId}/sms-number`, { smsNumber: "+15550111" });
    for (const enabled of [false, true]) await twice(`PUT /api/customers/${customerId}/enabled`, { enabled });
    expect((await toldOf("stores", storeId, 4)).slice(1)).toEqual([
      ["StoreParticipationChanged", { storeId, participating: true }],
      ["StoreRebranded", { storeId, name: "The Lantern" }],
      ["StoreParticipationChanged", { storeId, participating: false }],
    ]);
    expect((await toldOf("stores", productId, 5)).slice(1)).toEqual([
      ["ProductRebranded", { productId, name: "Travelling ink", description: "Dries." }],
      ["ProductPriceIncreased", { productId, from: money(1299), to: money(1400) }],
      ["ProductPriceDecreased", { productId, from: money(1400), to: money(5) }],
      ["ProductRemoved", { productId, storeId }],
    ]);
    expect((await toldOf("customers", customerId, 4)).slice(1)).toEqual([
      ["CustomerSmsNumberChanged", { customerId, smsNumber: "+15550111" }],
      ["CustomerDisabled", { customerId }],
      ["CustomerEnabled", { customerId }],
    ]);
  });
});

describe("every event", () => {
  it("is promised to others, and is told with all of its promised fields", async () => {
    expect(contracts.map(({ type }) => type).sort()).toEqual([...Object.keys(promised), ...beyond].sort());
    const { basketId } = await fillBasket(mall.api);
    await mall.api(`DELETE /api/baskets/${basketId}`);
    await toldOf("baskets", basketId, 2);
    const toldWith = (type: string) =>
      [...heard.values()]
        .filter((message) => message.type === type)
        .map(({ data }) => Object.keys(data as object));
    for (const [type, fields] of Object.entries(promised)) {
      expect(toldWith(type).length, type).toBeGreaterThan(0);
      for (const keys of toldWith(type)) expect(keys, type).toEqual(expect.arrayContaining([...fields]));
    }
  });
});
