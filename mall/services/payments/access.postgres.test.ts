import { type Caller, setCaller } from "@mall/common/access";
import type { Api } from "@mall/common/http-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { authorize, type Body, ledgerOf, newAmount, readyOrder, startPayments } from "./payments.fixture.ts";

let scene: Awaited<ReturnType<typeof startPayments>>;
let api: Api;
beforeAll(async () => {
  scene = await startPayments({}, (app) => {
    app.addHook("onRequest", async (request) => {
      const customerId = request.headers["x-shopper"];
      const caller: Caller = customerId
        ? { roles: ["shopper"], customerId: String(customerId) }
        : { roles: customerId === "" ? ["shopper"] : ["operator"] };
      request.actor = String(customerId ?? "operator");
      setCaller(request, caller);
    });
  });
  api = scene.api;
});
afterAll(() => scene?.close());

const as = (customerId: string) => ({ "x-shopper": customerId });

it("A shopper pays for itself alone.", async () => {
  const mine = await authorize(api);
  const other = await authorize(api);
  const amount = newAmount();
  const pay = (customerId: string) =>
    api<Body>("POST /api/payments", { customerId, amount, cardToken: "tok_ok" }, as(mine.customerId));
  expect((await pay(mine.customerId)).status).toBe(201);
  expect((await pay(other.customerId)).status).toBe(404);
  expect((await ledgerOf(api, amount)).holds).toHaveLength(1);
  const read = (id: string) => api(`GET /api/payments/${id}`, undefined, as(mine.customerId));
  expect([(await read(mine.paymentId)).status, (await read(other.paymentId)).status]).toEqual([200, 404]);
});

it("A shopper reads and pays its own invoices alone.", async () => {
  const mine = await readyOrder(api);
  const other = await readyOrder(api);
  const ask = <Answer>(route: `GET /${string}` | `POST /${string}`, shopper = mine.customerId) =>
    api<Answer>(route, undefined, as(shopper));
  expect((await ask(`GET /api/invoices/${other.invoiceId}`)).status).toBe(404);
  expect((await ask(`POST /api/invoices/${other.invoiceId}/pay`)).status).toBe(404);
  expect((await ledgerOf(api, other.amount)).captures).toEqual([]);
  const idsOf = async (query: string, shopper?: string) =>
    (await ask<{ items: Body[] }>(`GET /api/invoices${query}`, shopper)).body.items.map(({ id }) => id);
  expect(await idsOf("")).toEqual([mine.invoiceId]);
  expect(await idsOf(`?orderId=${other.orderId}`)).toEqual([]);
  expect(await idsOf("", "")).toEqual([]);
  expect((await ask(`GET /api/invoices/${mine.invoiceId}`)).status).toBe(200);
  expect((await ask(`POST /api/invoices/${mine.invoiceId}/pay`)).status).toBe(200);
});
