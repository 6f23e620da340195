import type { Api, ApiAnswer } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addBot, approvedOrder, assignedOrder, readyOrder } from "./conformance-scene.fixture.ts";
import {
  addItem,
  authorize,
  checkOut,
  fillBasket,
  paymentId,
  readyToBuy,
  register,
  startBasket,
  startMall,
  whenDone,
} from "./mall.fixture.ts";

let mall: Awaited<ReturnType<typeof startMall>>;
beforeAll(async () => {
  mall = await startMall();
});
afterAll(() => mall?.close());

type Attempt = (api: Api) => Promise<ApiAnswer<unknown>>;

/** Each rule, and what breaks it. */
const rules: readonly (readonly [rule: string, attempt: Attempt])[] = [
  ["basket-is-empty", async (api) => checkOut(api, await startBasket(api))],
  [
    "basket-is-not-open",
    async (api) => {
      const { basketId, productId } = await fillBasket(api);
      await api(`DELETE /api/baskets/${basketId}`);
      return addItem(api, basketId, productId);
    },
  ],
  [
    "basket-is-not-open",
    async (api) => {
      const { basketId, productId } = await fillBasket(api);
      await checkOut(api, basketId);
      return api(`DELETE /api/baskets/${basketId}/items/${productId}`);
    },
  ],
  [
    "store-does-not-participate",
    async (api) => {
      const { basketId, productId, storeId } = await fillBasket(api);
      await api(`PUT /api/stores/${storeId}/participation`, { participating: false });
      return addItem(api, basketId, productId);
    },
  ],
  [
    "sku-already-used",
    async (api) => {
      const { storeId } = await fillBasket(api);
      const product = { name: "Ink", description: "", sku: "TWICE", price: money(1) };
      await api(`POST /api/stores/${storeId}/products`, product);
      return api(`POST /api/stores/${storeId}/products`, { ...product, name: "Other ink" });
    },
  ],
  [
    "email-already-used",
    async (api) => {
      const customer = { name: "Mina Okafor", email: "twice@example.com", smsNumber: "+15550100" };
      await api("POST /api/customers", customer);
      return api("POST /api/customers", { ...customer, email: "Twice@Example.com" });
    },
  ],
  [
    "price-changed",
    async (api) => {
      const { basketId, productId } = await fillBasket(api);
      await api(`PUT /api/products/${productId}/price`, { price: money(1) });
      return checkOut(api, basketId);
    },
  ],
  [
    "quantity-too-large",
    async (api) => {
      const { basketId, productId } = await fillBasket(api);
      return api(`DELETE /api/baskets/${basketId}/items/${productId}?quantity=3`);
    },
  ],
  [
    "customer-is-disabled",
    async (api) => {
      const customerId = await register(api);
      await api(`PUT /api/customers/${customerId}/enabled`, { enabled: false });
      return api("POST /api/baskets", { customerId });
    },
  ],
  [
    "list-is-not-available",
    async (api) => {
      const { listId } = await assignedOrder(api);
      return api(`POST /api/shopping-lists/${listId}/assign`, { botId: await addBot(api) });
    },
  ],
  [
    "bot-is-busy",
    async (api) => {
      const { listId } = await approvedOrder(api);
      const { botId } = await assignedOrder(api);
      return api(`POST /api/shopping-lists/${listId}/assign`, { botId });
    },
  ],
  [
    "list-is-not-assigned",
    async (api) => {
      const { listId, storeId } = await approvedOrder(api);
      return api(`POST /api/shopping-lists/${listId}/stops/${storeId}/collect`);
    },
  ],
  [
    "list-is-not-assigned",
    async (api) => api(`POST /api/shopping-lists/${(await readyOrder(api)).listId}/complete`),
  ],
  [
    "stops-not-collected",
    async (api) => api(`POST /api/shopping-lists/${(await assignedOrder(api)).listId}/complete`),
  ],
  [
    "order-cannot-be-cancelled",
    async (api) => api(`POST /api/orders/${(await readyOrder(api)).orderId}/cancel`),
  ],
  [
    "order-cannot-be-cancelled",
    async (api) => {
      const { basketId } = await fillBasket(api);
      const { body } = await checkOut(api, basketId);
      await whenDone(api, body);
      return api(`POST /api/orders/${body.metadata.orderId}/cancel`);
    },
  ],
  [
    "invoice-is-not-pending",
    async (api) => {
      const { invoiceId } = await readyOrder(api);
      await api(`POST /api/invoices/${invoiceId}/pay`);
      return api(`POST /api/invoices/${invoiceId}/pay`);
    },
  ],
  [
    "rebuild-not-running",
    async (api) => {
      await api("DELETE /api/search/projections/orders/rebuild");
      return api("DELETE /api/search/projections/orders/rebuild");
    },
  ],
];

describe("a request that breaks a rule", () => {
  it.each(rules)("is a 409 that names it: %s", async (rule, attempt) => {
    const { status, headers, body } = await attempt(mall.visitor());
    expect({ status, body }).toEqual({
      status: 409,
      body: {
        type: "/problems/rule-broken",
        title: "A rule of the business says no",
        status: 409,
        detail: expect.stringMatching(/\w.*\.$/),
        instance: expect.stringMatching(/^\/api\//),
        rule,
      },
    });
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(headers.get("consistency-token")).toBeTruthy();
  });
});

interface Bought {
  readonly customerId: string;
  readonly productId: string;
}

/** Each reason, and what the shopper has done: the answer is the payment. `customer-unknown` cannot be met over HTTP. */
const reasons: readonly (readonly [reason: string, pay: (api: Api, bought: Bought) => Promise<string>])[] = [
  [
    "customer-disabled",
    async (api, { customerId }) => {
      const payment = await authorize(api, customerId, 2598);
      await api(`PUT /api/customers/${customerId}/enabled`, { enabled: false });
      return payment;
    },
  ],
  [
    "product-unavailable",
    async (api, { customerId, productId }) => {
      const payment = await authorize(api, customerId, 2598);
      await api(`DELETE /api/products/${productId}`);
      return payment;
    },
  ],
  ["payment-unknown", async () => paymentId],
  ["payment-not-yours", async (api) => authorize(api, await register(api), 2598)],
  ["payment-declined", (api, { customerId }) => authorize(api, customerId, 2598, "tok_declined")],
  ["payment-declined", (api, { customerId }) => authorize(api, customerId, 1, "tok_insufficient_funds")],
  [
    "payment-already-used",
    async (api, { customerId, productId }) => {
      const payment = await authorize(api, customerId, 2598);
      const { body } = await api<{ id: string }>("POST /api/baskets", { customerId });
      await addItem(api, body.id, productId);
      const { metadata } = (await checkOut(api, body.id, { paymentId: payment }, { prefer: "wait=10" })).body;
      expect((await api(`GET /api/orders/${metadata.orderId}`)).body).toMatchObject({ status: "approved" });
      return payment;
    },
  ],
  ["payment-too-small", (api, { customerId }) => authorize(api, customerId, 2597)],
];

describe("an order that cannot be carried out", () => {
  it.each(reasons)("is rejected with the reason, wherever it is asked for: %s", async (reason, pay) => {
    const api = mall.visitor();
    const bought = await fillBasket(api);
    const { body } = await checkOut(api, bought.basketId, { paymentId: await pay(api, bought) });
    const done = await whenDone(api, body);
    expect(done).toMatchObject({
      done: true,
      error: {
        type: "/problems/rule-broken",
        status: 409,
        rule: reason,
        detail: expect.stringMatching(/\w/),
      },
    });
    const rejected = { id: done.metadata.orderId, status: "rejected", rejectionReason: reason };
    const { orderId } = done.metadata;
    expect((await api(`GET /api/orders/${orderId}`)).body).toMatchObject(rejected);
    const history = await api<{ items: object[] }>(`GET /api/orders/${orderId}/history`);
    expect(history.body.items.at(-1)).toMatchObject({ type: "OrderRejected", data: { reason } });
  });

  it("is cancelled with order-cancelled when it was cancelled in time", async () => {
    const api = mall.visitor();
    const { basketId, payment } = await readyToBuy(api);
    const { body } = await checkOut(api, basketId, payment);
    const { orderId } = body.metadata;
    await api(`POST /api/orders/${orderId}/cancel`, undefined, { prefer: "wait=10" });
    const { status } = (await api<{ status: string }>(`GET /api/orders/${orderId}`)).body;
    expect(status).toBe("cancelled");
    const { error, response } = await whenDone(api, body);
    if (error) expect(error).toMatchObject({ rule: "order-cancelled" });
    else expect(response).toMatchObject({ status: "approved" });
  });
});
