import type { Api } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { addBot, readyOrder, type Scene } from "./conformance-scene.fixture.ts";
import { addProduct, checkOut, create, fillBasket, paymentId, register } from "./mall.fixture.ts";

/** A route of the Mall, with a body that it takes. `path` has `{id}` where the id stands. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly id?: string;
  readonly body?: object;
}

let count = 0;

/** What is not answered as JSON, or is not the Mall's alone: the documents, and the address of the WebSocket. */
export const unlikeOthers = [
  "GET /api/docs",
  "GET /api/docs/openapi.json",
  "GET /api/docs/:asset",
  "GET /api/live",
];

/** Every other route under `/api`. Each body is one that has not been sent before; each is taken once, in this order. */
export function routesOf(scene: Scene): Route[] {
  return [...storeRoutes(scene), ...shopperRoutes(scene), ...depotRoutes(scene), ...lastRoutes(scene)];
}

function storeRoutes({ storeId, productId }: Scene): Route[] {
  const name = `Name ${++count}`;
  const product = { name, description: "", sku: `SKU-${count}`, price: money(count) };
  return [
    { method: "POST", path: "/api/stores", body: { name, location: "North wing" } },
    { method: "GET", path: "/api/stores" },
    { method: "GET", path: "/api/stores/{id}", id: storeId },
    { method: "PUT", path: "/api/stores/{id}/participation", id: storeId, body: { participating: true } },
    { method: "PUT", path: "/api/stores/{id}/name", id: storeId, body: { name } },
    { method: "POST", path: "/api/stores/{id}/products", id: storeId, body: product },
    { method: "GET", path: "/api/stores/{id}/products", id: storeId },
    { method: "GET", path: "/api/products/{id}", id: productId },
    { method: "PATCH", path: "/api/products/{id}", id: productId, body: { name } },
    { method: "PUT", path: "/api/products/{id}/price", id: productId, body: { price: money(1299) } },
    { method: "GET", path: "/api/search/products" },
    { method: "GET", path: "/api/search/orders" },
    { method: "GET", path: "/api/search/projections" },
  ];
}

function shopperRoutes(scene: Scene): Route[] {
  const { productId, customerId, basketId, orderId, operationId } = scene;
  const name = `Name ${++count}`;
  const customer = { name, email: `conformance-${count}@example.com`, smsNumber: "+15550100" };
  const payment = { customerId, amount: money(count), cardToken: "tok_ok" };
  return [
    { method: "POST", path: "/api/customers", body: customer },
    { method: "GET", path: "/api/customers/{id}", id: customerId },
    { method: "PUT", path: "/api/customers/{id}/enabled", id: customerId, body: { enabled: true } },
    { method: "PUT", path: "/api/customers/{id}/sms-number", id: customerId, body: { smsNumber: name } },
    { method: "GET", path: "/api/customers/{id}/notifications", id: customerId },
    { method: "POST", path: "/api/payments", body: payment },
    { method: "GET", path: "/api/payments/{id}", id: scene.paymentId },
    { method: "GET", path: "/api/invoices" },
    { method: "GET", path: "/api/invoices/{id}", id: scene.invoiceId },
    { method: "POST", path: "/api/baskets", body: { customerId } },
    { method: "GET", path: "/api/baskets/{id}", id: basketId },
    { method: "POST", path: "/api/baskets/{id}/items", id: basketId, body: { productId, quantity: 1 } },
    { method: "GET", path: "/api/orders/{id}", id: orderId },
    { method: "GET", path: "/api/orders/{id}/history", id: orderId },
    { method: "GET", path: "/api/operations/{id}", id: operationId },
    { method: "POST", path: "/api/live/tickets" },
  ];
}

function depotRoutes({ botId, availableListId, assigned, collectedListId }: Scene): Route[] {
  const stop = `/api/shopping-lists/{id}/stops/${assigned.storeId}/collect`;
  const stopOfList = `/api/shopping-lists/${assigned.listId}/stops/{id}/collect`;
  return [
    { method: "POST", path: "/api/bots", body: { name: `Name ${++count}` } },
    { method: "GET", path: "/api/bots" },
    { method: "GET", path: "/api/bots/{id}", id: botId },
    { method: "GET", path: "/api/shopping-lists" },
    { method: "GET", path: "/api/shopping-lists/{id}", id: availableListId },
    { method: "POST", path: "/api/shopping-lists/{id}/assign", id: availableListId, body: { botId } },
    { method: "POST", path: stop, id: assigned.listId },
    { method: "POST", path: stopOfList, id: assigned.storeId },
    { method: "POST", path: "/api/shopping-lists/{id}/complete", id: collectedListId },
  ];
}

/** What ends something that other routes need. */
function lastRoutes({ productId, basketId, orderId, invoiceId }: Scene): Route[] {
  return [
    { method: "DELETE", path: `/api/baskets/${basketId}/items/{id}`, id: productId },
    { method: "DELETE", path: `/api/baskets/{id}/items/${productId}`, id: basketId },
    { method: "POST", path: "/api/baskets/{id}/checkout", id: basketId, body: { paymentId } },
    { method: "DELETE", path: "/api/baskets/{id}", id: basketId },
    { method: "DELETE", path: "/api/products/{id}", id: productId },
    { method: "POST", path: "/api/orders/{id}/cancel", id: orderId },
    { method: "POST", path: "/api/invoices/{id}/pay", id: invoiceId },
    { method: "POST", path: "/api/search/projections/{id}/rebuild", id: "products" },
    { method: "DELETE", path: "/api/search/projections/{id}/rebuild", id: "products" },
  ];
}

/** The address of a route with the id of the scene, or with another one. */
export function addressOf({ path, id = "" }: Route, other?: string): string {
  return path.replace("{id}", other ?? id);
}

/** The route as documents name it, but with `{}` for each parameter: `GET /api/stores/{}`. */
export function patternOf({ method, path }: Route): string {
  return `${method} ${path.replace("{id}", "{}").replace(/[\da-f-]{36}/g, "{}")}`;
}

/** Each list, with how to add an item to it. */
export async function listsOf(visitor: () => Api): Promise<{ path: string; add(): Promise<string> }[]> {
  const api = visitor();
  const { storeId, productId } = await fillBasket(api);
  const customerId = await register(api);
  const order = async () => {
    const basketId = await create(api, "POST /api/baskets", { customerId });
    await api(`POST /api/baskets/${basketId}/items`, { productId, quantity: 1 });
    return (await checkOut(api, basketId)).body.metadata.orderId;
  };
  const open = () => create(api, "POST /api/stores", { name: "Paged", location: "South wing" });
  const none = async () => "";
  const placed = await order();
  await api(`GET /api/orders/${placed}`);
  return [
    { path: "/api/stores", add: open },
    { path: `/api/stores/${storeId}/products`, add: () => addProduct(api, storeId) },
    { path: `/api/customers/${customerId}/notifications`, add: order },
    { path: `/api/orders/${placed}/history`, add: none },
    { path: "/api/bots", add: () => addBot(api) },
    { path: "/api/shopping-lists", add: order },
    { path: "/api/shopping-lists?status=cancelled", add: order },
    { path: "/api/invoices", add: async () => (await readyOrder(visitor())).invoiceId },
    { path: `/api/search/orders?customerId=${customerId}`, add: order },
    { path: `/api/search/products?storeId=${storeId}`, add: () => addProduct(api, storeId) },
    { path: "/api/search/products?q=ink&sort=-price", add: () => addProduct(api, storeId, ++count) },
    { path: "/api/search/projections", add: none },
  ];
}

/** The address of a list with one more value in its query. */
export function withQuery(path: string, query: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}${query}`;
}
