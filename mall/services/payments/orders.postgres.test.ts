import type { Api } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { until } from "@tidings/testing";
import { type Message, uuidv7 } from "tidings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  authorize,
  type Body,
  command,
  confirmOrder,
  ledgerOf,
  outcomeOf,
  readyOrder,
  register,
  startPayments,
} from "./payments.fixture.ts";

const unknownId = "01981f4a-7c00-7000-8000-0000000000ff";
let scene: Awaited<ReturnType<typeof startPayments>>;
let api: Api;
beforeAll(async () => {
  scene = await startPayments();
  api = scene.api;
});
afterAll(() => scene?.close());

const statusOf = async (paymentId: string) => (await api<Body>(`GET /api/payments/${paymentId}`)).body.status;
const done = (paymentId: string) => ({ outcome: "done", result: { paymentId } });
const refused = (rule: string) => ({ outcome: "refused", rule });

/** The events that payments recorded with this payment, invoice or order in them. */
async function eventsAbout(id: string) {
  const { rows } = await scene.host.application.host
    .runtime("payments")
    .pool.query<{ message: Message }>("select to_json(o) as message from tidings_outbox o order by position");
  return rows
    .map(({ message }) => message)
    .filter(({ kind, data }) => kind === "event" && JSON.stringify(data).includes(id))
    .map(({ type }) => type.replace("payments.", ""));
}

describe("ConfirmPayment", () => {
  it("lets a hold belong to one order, once however often it comes", async () => {
    const payment = await authorize(api);
    const order = { ...payment, orderId: uuidv7() };
    for (const _ of [1, 2]) expect(await command(api, "confirm", order)).toEqual(done(order.paymentId));
    expect(await statusOf(order.paymentId)).toBe("confirmed");
    expect(await eventsAbout(order.paymentId)).toEqual(["PaymentAuthorized", "PaymentConfirmed"]);
    const other = { ...order, orderId: uuidv7() };
    expect(await command(api, "confirm", other)).toMatchObject(refused("payment-already-used"));
  });

  it("is refused with its reason", async () => {
    const { customerId, token } = await register(api);
    const body = { customerId, amount: money(5), cardToken: "tok_declined" };
    const { id } = (await api<Body>("POST /api/payments", body, token)).body;
    const order = { paymentId: id, customerId, orderId: uuidv7(), amount: money(5) };
    const payment = { ...(await authorize(api)), orderId: uuidv7() };
    const tooMuch = { ...payment, amount: money(payment.amount.amount + 1) };
    for (const [asked, rule] of [
      [{ ...order, paymentId: unknownId }, "payment-unknown"],
      [{ ...payment, customerId }, "payment-not-yours"],
      [order, "payment-declined"],
      [tooMuch, "payment-too-small"],
    ] as const)
      expect(await command(api, "confirm", asked)).toMatchObject(refused(rule));
  });
});

describe("ReleasePayment", () => {
  it("gives the hold of its order back, once however often it comes", async () => {
    const order = await confirmOrder(api);
    for (const _ of [1, 2]) expect(await command(api, "release", order)).toEqual(done(order.paymentId));
    expect(await statusOf(order.paymentId)).toBe("released");
    expect(await ledgerOf(api, order.amount)).toMatchObject({ holds: ["released"], releases: 1 });
    const events = ["PaymentAuthorized", "PaymentConfirmed", "PaymentReleased"];
    expect(await eventsAbout(order.paymentId)).toEqual(events);
    expect(await command(api, "confirm", order)).toMatchObject(refused("payment-already-used"));
  });

  it("does nothing where there is nothing of this order to give back", async () => {
    const order = await confirmOrder(api);
    const unused = await authorize(api);
    for (const [paymentId, orderId] of [
      [unknownId, order.orderId],
      [order.paymentId, uuidv7()],
      [unused.paymentId, order.orderId],
    ] as const)
      expect(await command(api, "release", { paymentId, orderId })).toEqual(done(paymentId));
    expect([await statusOf(order.paymentId), await statusOf(unused.paymentId)]).toEqual([
      "confirmed",
      "authorized",
    ]);
    expect((await ledgerOf(api, order.amount)).releases).toBe(0);
  });

  it("is refused once the amount was captured, and cancels an invoice that nobody pays", async () => {
    const paid = await readyOrder(api);
    await api(`POST /api/invoices/${paid.invoiceId}/pay`);
    expect(await command(api, "release", paid)).toMatchObject(refused("payment-captured"));
    const due = await readyOrder(api);
    expect(await command(api, "release", due)).toEqual(done(due.paymentId));
    expect((await api<Body>(`GET /api/invoices/${due.invoiceId}`)).body.status).toBe("cancelled");
    expect(outcomeOf(await api<Body>(`POST /api/invoices/${due.invoiceId}/pay`))).toBe(
      "409 invoice-is-not-pending",
    );
  });
});

describe("an invoice", () => {
  it("is made once for an order that is ready, and found by it", async () => {
    const { orderId, customerId, paymentId, total, invoiceId } = await readyOrder(api);
    await api("POST /told/orders", { orderId, customerId, paymentId, total });
    const next = await readyOrder(api);
    const invoice = { id: invoiceId, orderId, customerId, amount: total, status: "pending" };
    expect((await api(`GET /api/invoices?orderId=${orderId}`)).body).toEqual({
      items: [invoice],
      next: null,
    });
    const read = await api(`GET /api/invoices/${invoiceId}`);
    expect([read.status, read.headers.get("etag"), read.body]).toEqual([200, '"1"', invoice]);
    expect((await api(`GET /api/invoices?orderId=${unknownId}`)).body).toEqual({ items: [], next: null });
    expect((await api("GET /api/invoices?orderId=42")).status).toBe(422);
    expect((await api<{ items: Body[] }>("GET /api/invoices?limit=200")).body.items).toContainEqual(
      expect.objectContaining({ id: next.invoiceId }),
    );
    for (const id of [unknownId, "42"]) expect((await api(`GET /api/invoices/${id}`)).status).toBe(404);
  });

  it("is paid once, and captures what is due", async () => {
    const { invoiceId, paymentId, amount, total } = await readyOrder(api);
    const pay = (headers: Record<string, string> = {}) =>
      api<Body>(`POST /api/invoices/${invoiceId}/pay`, undefined, headers);
    const key = { "idempotency-key": `pay-${invoiceId}` };
    expect(outcomeOf(await pay({ "if-match": '"7"' }))).toBe("412 stale-version");
    const first = await pay({ ...key, "if-match": '"1"' });
    expect([outcomeOf(first), first.headers.get("etag")]).toEqual(["200 paid", '"2"']);
    expect((await pay({ ...key, "if-match": '"1"' })).body).toEqual(first.body);
    expect(outcomeOf(await pay())).toBe("409 invoice-is-not-pending");
    expect(await statusOf(paymentId)).toBe("captured");
    expect(await ledgerOf(api, amount)).toMatchObject({
      holds: ["captured"],
      captures: [total.amount],
      releases: 0,
    });
    expect(await eventsAbout(invoiceId)).toEqual(["InvoiceCreated", "InvoicePaid"]);
  });

  it("that many pay at once is paid once", async () => {
    const { invoiceId, amount, total } = await readyOrder(api);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => api<Body>(`POST /api/invoices/${invoiceId}/pay`)),
    );
    expect(answers.map(outcomeOf).sort()).toEqual([
      "200 paid",
      ...Array(7).fill("409 invoice-is-not-pending"),
    ]);
    expect((await ledgerOf(api, amount)).captures).toEqual([total.amount]);
    expect(await eventsAbout(invoiceId)).toEqual(["InvoiceCreated", "InvoicePaid"]);
  });

  it("is not paid from a payment that was never confirmed, and nothing is captured", async () => {
    const { customerId, paymentId, amount } = await authorize(api);
    const orderId = uuidv7();
    await api("POST /told/orders", { orderId, customerId, paymentId, total: amount });
    const invoice = await until("the invoice is there", async () => {
      const { body } = await api<{ items: Body[] }>(`GET /api/invoices?orderId=${orderId}`);
      return body.items[0];
    });
    expect(outcomeOf(await api<Body>(`POST /api/invoices/${invoice.id}/pay`))).toBe(
      "409 payment-is-not-confirmed",
    );
    expect(await ledgerOf(api, amount)).toMatchObject({ holds: ["held"], captures: [] });
  });

  it("of an unknown id is not found", async () => {
    for (const id of [unknownId, "42"])
      expect((await api<Body>(`POST /api/invoices/${id}/pay`)).status).toBe(404);
  });
});
