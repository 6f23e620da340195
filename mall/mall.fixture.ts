import { type Api, type ApiAnswer, httpClient } from "@mall/common/http-client";
import { type Money, money } from "@mall/common/money";
import { startTestHost, until } from "@tidings/testing";
import type { ApplicationOptions, Service } from "tidings";
import type { ZodType } from "zod";
import { createMall, type MallOptions } from "./mall.ts";

/** A problem as the API answers it. */
export interface ProblemAnswer {
  readonly type: string;
  readonly rule?: string;
  readonly errors?: readonly { readonly pointer: string }[];
}

/** A basket as the API answers it. */
export interface BasketAnswer {
  readonly id: string;
  readonly status: string;
  readonly items: readonly {
    readonly productId: string;
    readonly quantity: number;
    readonly price: Money;
    readonly priceChanged?: { readonly from: Money; readonly to: Money };
  }[];
  readonly total: Money;
}

/** An operation as the API answers it. */
export interface OperationAnswer {
  readonly name: string;
  readonly done: boolean;
  readonly metadata: {
    readonly kind: string;
    readonly orderId: string;
    readonly steps: readonly { readonly name: string; readonly state: string }[];
  };
  readonly response?: unknown;
  readonly error?: { readonly rule: string };
}

export const unknownId = "01981f4a-7c00-7000-8000-0000000000ff";
/** Nobody has such a payment: an order that is paid by it is rejected. */
export const paymentId = "01981f4a-7c00-7000-8000-00000000aaaa";

export interface TestMallOptions extends Partial<MallOptions> {
  /** Whatever other services a test needs. */
  readonly more?: readonly Service[];
  /** The services in whose place the test acts. */
  readonly without?: readonly string[];
}

/** A route as it is registered: `GET /api/stores/:id`, and the schemas of its answers by status. */
export interface RegisteredRoute {
  readonly name: string;
  readonly answers: Readonly<Record<string, ZodType>>;
}

/** The Mall in demo mode, on a database of its own. */
export async function startMall({ more = [], without = [], ...options }: TestMallOptions = {}) {
  const { services, application } = createMall({ access: { demo: true }, ...options });
  const present = services.filter(({ name }) => !without.includes(name));
  const routes: RegisteredRoute[] = [];
  const http: ApplicationOptions["http"] = async (app) => {
    app.addHook("onRoute", ({ method, url, schema }) => {
      const { response: answers = {} } = (schema ?? {}) as { response?: RegisteredRoute["answers"] };
      for (const name of [method].flat()) routes.push({ name: `${name} ${url}`, answers });
    });
    await application.http?.(app);
  };
  const host = await startTestHost([...present, ...more], { ...application, http });
  return {
    url: host.url,
    host: host.application.host,
    routes: routes as readonly RegisteredRoute[],
    api: visitor(host.url),
    visitor: () => visitor(host.url),
    close: () => host.close(),
  };
}

/** A client that reads its own writes: it sends back the last `Consistency-Token` that it was given. */
function visitor(url: string): Api {
  const api = httpClient(url);
  let token: string | undefined;
  return async <Body>(
    route: Parameters<Api>[0],
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const answer = await api<Body>(route, body, { ...(token && { "consistency-token": token }), ...headers });
    token = answer.headers.get("consistency-token") ?? token;
    return answer;
  };
}

/** Creates something. @returns its id */
export async function create(api: Api, route: `POST /${string}`, body: object): Promise<string> {
  const answer = await api<{ id: string }>(route, body);
  if (answer.status !== 201)
    throw new Error(`${route} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body.id;
}

let count = 0;

/** A customer who may shop. */
export function register(api: Api): Promise<string> {
  const email = `shopper-${++count}@example.com`;
  return create(api, "POST /api/customers", { name: "Mina Okafor", email, smsNumber: "+15550100" });
}

/** A store that participates. */
export async function openStore(api: Api, name = "The Paper Lantern"): Promise<string> {
  const storeId = await create(api, "POST /api/stores", { name, location: "North wing" });
  await api(`PUT /api/stores/${storeId}/participation`, { participating: true });
  return storeId;
}

/** A product on sale. */
export function addProduct(api: Api, storeId: string, amount = 1299): Promise<string> {
  const product = {
    name: "Travelling ink",
    description: "Blue.",
    sku: `INK-${++count}`,
    price: money(amount),
  };
  return create(api, `POST /api/stores/${storeId}/products`, product);
}

/** An open basket of a new customer. */
export async function startBasket(api: Api): Promise<string> {
  return create(api, "POST /api/baskets", { customerId: await register(api) });
}

export function addItem(api: Api, basketId: string, productId: string, quantity = 1) {
  return api<BasketAnswer & ProblemAnswer>(`POST /api/baskets/${basketId}/items`, { productId, quantity });
}

/** A basket with two units of one product, and what it is made of. */
export async function fillBasket(api: Api) {
  const customerId = await register(api);
  const storeId = await openStore(api);
  const productId = await addProduct(api, storeId);
  const basketId = await create(api, "POST /api/baskets", { customerId });
  const { status } = await addItem(api, basketId, productId, 2);
  if (status !== 200) throw new Error(`The item was not added: ${status}.`);
  return { customerId, storeId, productId, basketId };
}

/** A hold on the customer's card. @returns the payment's id */
export function authorize(
  api: Api,
  customerId: string,
  amount: number,
  cardToken = "tok_ok",
): Promise<string> {
  return create(api, "POST /api/payments", { customerId, amount: money(amount), cardToken });
}

/** A filled basket and a payment that covers it: its order is approved. */
export async function readyToBuy(api: Api) {
  const filled = await fillBasket(api);
  return { ...filled, payment: { paymentId: await authorize(api, filled.customerId, 2 * 1299) } };
}

export function checkOut(
  api: Api,
  basketId: string,
  body: object = {},
  headers: Readonly<Record<string, string>> = {},
) {
  const route = `POST /api/baskets/${basketId}/checkout` as const;
  return api<OperationAnswer & ProblemAnswer>(route, { paymentId, ...body }, headers);
}

/** Waits until an operation is done. */
export function whenDone(api: Api, { name }: OperationAnswer): Promise<OperationAnswer> {
  return until(`${name} is done`, async () => {
    const { body } = await api<OperationAnswer>(`GET /api/${name}`);
    return body.done && body;
  });
}

/** The status, and the rule or the type of the problem: what a test compares. */
export function problemOf({ status, body }: ApiAnswer<unknown>): string {
  const { rule, type } = (body ?? {}) as Partial<ProblemAnswer>;
  return `${status} ${rule ?? type?.replace("/problems/", "") ?? ""}`.trim();
}
