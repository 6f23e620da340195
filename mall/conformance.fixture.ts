import { type Api, httpClient } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { expect } from "vitest";
import {
  addProduct,
  checkOut,
  create,
  fillBasket,
  type OperationAnswer,
  paymentId,
  register,
  startMall,
} from "./mall.fixture.ts";

/** An answer before anything is made of it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface RawRequest {
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One of each thing that the Mall has. */
export interface Scene {
  readonly storeId: string;
  readonly productId: string;
  readonly customerId: string;
  readonly basketId: string;
  readonly orderId: string;
  readonly operationId: string;
}

/** The Mall as an outside tester sees it: an address, and one of each thing that it has. */
export interface Outside {
  readonly url: string;
  /** A client that forgets what it was told. */
  readonly api: Api;
  /** A client that reads its own writes. */
  readonly visitor: Api;
  readonly newVisitor: () => Api;
  readonly scene: Scene;
  send(method: string, path: string, request?: RawRequest): Promise<RawAnswer>;
  sendJson(method: string, path: string, body: unknown, headers?: RawRequest["headers"]): Promise<RawAnswer>;
  close(): Promise<void>;
}

export async function openMall(): Promise<Outside> {
  const mall = await startMall();
  const { url, api: visitor } = mall;
  const send: Outside["send"] = async (method, path, { body, headers } = {}) => {
    const answer = await fetch(url + path, {
      method,
      ...(headers && { headers }),
      ...(body !== undefined && { body }),
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return {
    url,
    api: httpClient(url),
    visitor,
    newVisitor: mall.visitor,
    scene: await setScene(visitor),
    send,
    sendJson: (method, path, body, headers) =>
      send(method, path, {
        body: JSON.stringify(body),
        headers: { "content-type": "application/json", ...headers },
      }),
    close: mall.close,
  };
}

async function setScene(api: Api): Promise<Scene> {
  const ordered = await fillBasket(api);
  const { body } = await checkOut(api, ordered.basketId);
  const { basketId, customerId, storeId, productId } = await fillBasket(api);
  const operationId = (body as OperationAnswer).name.replace("operations/", "");
  return { basketId, customerId, storeId, productId, orderId: body.metadata.orderId, operationId };
}

/** A route of the Mall, with a body that it takes. `path` has `{id}` where the id stands. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly id?: string;
  readonly body?: object;
}

let count = 0;

/** Every route. Each body is one that has not been sent before. */
export function routesOf(scene: Scene): Route[] {
  const { storeId, productId, customerId, basketId, orderId, operationId } = scene;
  const name = `Name ${++count}`;
  const product = { name, description: "", sku: `SKU-${count}`, price: money(count) };
  const customer = { name, email: `conformance-${count}@example.com`, smsNumber: "+15550100" };
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
    { method: "POST", path: "/api/customers", body: customer },
    { method: "GET", path: "/api/customers/{id}", id: customerId },
    { method: "PUT", path: "/api/customers/{id}/enabled", id: customerId, body: { enabled: true } },
    { method: "PUT", path: "/api/customers/{id}/sms-number", id: customerId, body: { smsNumber: name } },
    { method: "GET", path: "/api/customers/{id}/notifications", id: customerId },
    { method: "POST", path: "/api/baskets", body: { customerId } },
    { method: "GET", path: "/api/baskets/{id}", id: basketId },
    { method: "POST", path: "/api/baskets/{id}/items", id: basketId, body: { productId, quantity: 1 } },
    { method: "GET", path: "/api/orders/{id}", id: orderId },
    { method: "GET", path: "/api/orders/{id}/history", id: orderId },
    { method: "GET", path: "/api/operations/{id}", id: operationId },
    { method: "DELETE", path: `/api/baskets/${basketId}/items/{id}`, id: productId },
    { method: "DELETE", path: `/api/baskets/{id}/items/${productId}`, id: basketId },
    { method: "POST", path: "/api/baskets/{id}/checkout", id: basketId, body: { paymentId } },
    { method: "DELETE", path: "/api/baskets/{id}", id: basketId },
    { method: "DELETE", path: "/api/products/{id}", id: productId },
  ];
}

/** The address of a route with the id of the scene, or with another one. */
export function addressOf({ path, id = "" }: Route, other?: string): string {
  return path.replace("{id}", other ?? id);
}

/** Each list, with how to add an item to it. */
export async function listsOf(api: Api): Promise<{ path: string; add(): Promise<string> }[]> {
  const { storeId, productId } = await fillBasket(api);
  const customerId = await register(api);
  const order = async () => {
    const basketId = await create(api, "POST /api/baskets", { customerId });
    await api(`POST /api/baskets/${basketId}/items`, { productId, quantity: 1 });
    return (await checkOut(api, basketId)).body.metadata.orderId;
  };
  const open = () => create(api, "POST /api/stores", { name: "Paged", location: "South wing" });
  return [
    { path: "/api/stores", add: open },
    { path: `/api/stores/${storeId}/products`, add: () => addProduct(api, storeId) },
    { path: `/api/customers/${customerId}/notifications`, add: order },
    { path: `/api/orders/${await order()}/history`, add: async () => "" },
  ];
}

/** Checks that an answer is this problem, with every field that a problem has, and returns it. */
export function expectProblem(answer: RawAnswer, status: number, slug: string) {
  const shown = `${answer.status} ${answer.text}`;
  expect(answer.headers.get("content-type"), shown).toBe("application/problem+json");
  const body = JSON.parse(answer.text) as Record<string, unknown> & { errors?: { pointer: string }[] };
  expect(body, shown).toMatchObject({ type: `/problems/${slug}`, status });
  expect(answer.status).toBe(status);
  for (const field of ["title", "detail", "instance"]) {
    expect(body[field], `${field} of ${shown}`).toEqual(expect.stringMatching(/\S/));
  }
  expect(answer.text).not.toMatch(/node_modules|\.ts:\d|select |insert /);
  return body;
}
