import { type Api, type ApiAnswer, httpClient } from "@mall/common/http-client";
import { type Money, money } from "@mall/common/money";
import { CustomerRegistered } from "@mall/customers/contract";
import { OrderReadied } from "@mall/ordering/contract";
import { processor } from "@mall/processor/service";
import { startTestHost, until } from "@tidings/testing";
import { type ApplicationOptions, defineService, onReply, type Service, uuidv7 } from "tidings";
import { z } from "zod";
import { asOperator } from "../../access.fixture.ts";
import { httpCardProcessor } from "./card-processor-http.ts";
import { ConfirmPayment, ReleasePayment } from "./contract.ts";
import { type PaymentsOptions, payments } from "./service.ts";

const replies = new Map<string, unknown>();

/** Stand for the services around payments: each records over HTTP what it is told to. */
const neighbours: readonly Service[] = [
  defineService("customers", {
    publishes: [CustomerRegistered],
    http: (app) => {
      app.post("/told/customers", (request) =>
        request.transaction(async (tx) => {
          const customerId = uuidv7(tx.now().getTime());
          tx.publish(CustomerRegistered, { customerId, name: "Mina", email: "m@x.example", smsNumber: "1" });
          return { customerId };
        }),
      );
    },
  }),
  defineService("ordering", {
    publishes: [OrderReadied],
    http: (app) => {
      app.post("/told/orders", { schema: { body: z.custom<Readied>() } }, (request) =>
        request.transaction(async (tx) => ({ id: tx.publish(OrderReadied, request.body) })),
      );
    },
  }),
  defineService("checkout", {
    sends: [ConfirmPayment, ReleasePayment],
    reacts: [
      onReply(ConfirmPayment, ({ causationId, data }) => void replies.set(String(causationId), data)),
      onReply(ReleasePayment, ({ causationId, data }) => void replies.set(String(causationId), data)),
    ],
    http: (app) => {
      app.post("/told/confirm", { schema: { body: z.custom<Confirm>() } }, (request) =>
        request.transaction(async (tx) => ({ id: tx.send(ConfirmPayment, request.body) })),
      );
      app.post("/told/release", { schema: { body: z.custom<Release>() } }, (request) =>
        request.transaction(async (tx) => ({ id: tx.send(ReleasePayment, request.body) })),
      );
    },
  }),
];

interface Release {
  readonly paymentId: string;
  readonly orderId: string;
}
interface Confirm extends Release {
  readonly customerId: string;
  readonly amount: Money;
}
interface Readied extends Release {
  readonly customerId: string;
  readonly total: Money;
}

/** A payment or an invoice as it is answered, or the problem instead. */
export interface Body {
  readonly id: string;
  readonly status: string;
  readonly rule?: string;
  readonly type?: string;
}

interface LedgerBody {
  readonly holds: readonly { reference: string; amount: Money; status: string; requests: number }[];
  readonly captures: readonly { reference: string; amount: Money }[];
  readonly releases: readonly { reference: string; amount: Money }[];
}

/** Payments with the processor and stand-ins for its neighbours, in one host. */
export async function startPayments(options: Partial<PaymentsOptions> = {}, http = asOperator) {
  let url = "";
  const service = payments({ processor: httpCardProcessor(() => url), ...options });
  const scene = await startScene([service], http);
  url = scene.host.url;
  return scene;
}

/** The processor and the stand-ins, with whatever services a test adds. */
export async function startScene(
  services: readonly Service[],
  http: NonNullable<ApplicationOptions["http"]> = asOperator,
) {
  const host = await startTestHost([...neighbours, processor(), ...services], { http });
  return { host, api: httpClient(host.url), close: () => host.close() };
}

let count = 0;

/** An amount that no other hold of the test has, so that the ledger can be searched for it. */
export function newAmount(): Money {
  return money(1_000 + ++count);
}

/** A customer whom payments knows by the time the client's next request arrives. */
export async function register(api: Api) {
  const { body, headers } = await api<{ customerId: string }>("POST /told/customers");
  return {
    customerId: body.customerId,
    token: { "consistency-token": String(headers.get("consistency-token")) },
  };
}

/** A payment that is authorized. */
export async function authorize(api: Api, amount = newAmount()) {
  const { customerId, token } = await register(api);
  const body = { customerId, amount, cardToken: "tok_ok" };
  const payment = await api<Body>("POST /api/payments", body, token);
  return { customerId, amount, paymentId: payment.body.id };
}

/** Sends a command as checkout does. @returns the outcome that is replied */
export async function command(api: Api, what: "confirm" | "release", data: Confirm | Release) {
  const { body } = await api<{ id: string }>(`POST /told/${what}`, data);
  return until(`the reply to ${what} arrives`, () => replies.get(body.id), { timeout: 30_000 });
}

/** An order's payment, confirmed. */
export async function confirmOrder(api: Api) {
  const authorized = await authorize(api);
  const order = { ...authorized, orderId: uuidv7() };
  await command(api, "confirm", order);
  return order;
}

/** An order with a pending invoice. */
export async function readyOrder(api: Api) {
  const order = await confirmOrder(api);
  const { orderId, customerId, paymentId, amount } = order;
  const total = money(amount.amount - 1);
  await api("POST /told/orders", { orderId, customerId, paymentId, total });
  const invoice = await until("the invoice is there", async () => {
    const { body } = await api<{ items: Body[] }>(`GET /api/invoices?orderId=${orderId}`);
    return body.items[0];
  });
  return { ...order, total, invoiceId: invoice.id };
}

/** What the ledger says about the holds of an amount, and of what became of them. */
export async function ledgerOf(api: Api, { amount }: Money) {
  const { holds, captures, releases } = (await api<LedgerBody>("GET /processor/ledger")).body;
  const mine = holds.filter((hold) => hold.amount.amount === amount);
  const ofMine = ({ reference }: { reference: string }) => mine.some((hold) => hold.reference === reference);
  return {
    holds: mine.map(({ status }) => status),
    requests: mine.reduce((sum, { requests }) => sum + requests, 0),
    captures: captures.filter(ofMine).map((capture) => capture.amount.amount),
    releases: releases.filter(ofMine).length,
    references: mine.map(({ reference }) => reference),
  };
}

/** The status, and the rule or the type of the problem. */
export function outcomeOf({ status, body }: ApiAnswer<Partial<Body>>): string {
  return `${status} ${body.rule ?? body.type?.replace("/problems/", "") ?? body.status}`;
}
