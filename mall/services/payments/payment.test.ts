import { money } from "@mall/common/money";
import fc from "fast-check";
import { isRefusal } from "tidings";
import { describe, expect, it } from "vitest";
import {
  beginExpiry,
  capturePayment,
  confirmPayment,
  expirePayment,
  newPayment,
  type Payment,
  type PaymentStatus,
  releasePayment,
} from "./payment.ts";

const held = newPayment("pay", { customerId: "mina", amount: money(100) }, { outcome: "held" });
const declined = newPayment(
  "pay",
  { customerId: "mina", amount: money(100) },
  { outcome: "declined", reason: "card-declined" },
);
const order = { customerId: "mina", orderId: "order", amount: money(100) };
const confirmed = confirmPayment(held, order) as Payment;
const captured = capturePayment(confirmed, "order") as Payment;
const released = releasePayment(confirmed, "order") as Payment;
const expiring = beginExpiry(held) as Payment;
const expired = expirePayment(expiring) as Payment;

describe("a payment", () => {
  it("is authorized or declined from the beginning, at version 1", () => {
    expect(held).toMatchObject({ status: "authorized", version: 1 });
    expect(declined).toMatchObject({ status: "declined", declineReason: "card-declined", version: 1 });
  });

  it("belongs to the order that confirms it, once", () => {
    expect(confirmed).toMatchObject({ status: "confirmed", orderId: "order", version: 2 });
    expect(confirmPayment(confirmed, order)).toBe(confirmed);
    expect(confirmPayment(captured, order)).toBe(captured);
    expect(confirmPayment(held, { ...order, amount: money(0) })).toMatchObject({ status: "confirmed" });
  });

  const wrong = { customerId: "other", orderId: "next", amount: money(101) };
  it.each([
    ["payment-unknown", undefined, wrong],
    ["payment-not-yours", released, wrong],
    ["payment-not-yours", declined, wrong],
    ["payment-already-used", confirmed, { ...wrong, customerId: "mina" }],
    ["payment-already-used", captured, { ...wrong, customerId: "mina" }],
    ["payment-already-used", released, { ...wrong, customerId: "mina" }],
    ["payment-already-used", released, order],
    ["payment-declined", declined, { ...wrong, customerId: "mina" }],
    ["payment-declined", expired, { ...wrong, customerId: "mina" }],
    ["payment-declined", expiring, { ...wrong, customerId: "mina" }],
    ["payment-too-small", held, { ...wrong, customerId: "mina" }],
  ])("is refused as %s before anything that comes later", (rule, payment, asked) => {
    expect(confirmPayment(payment, asked)).toMatchObject({ rule });
  });

  it("is released for its own order alone, and not after its capture", () => {
    expect(released).toMatchObject({ status: "released", orderId: "order", version: 3 });
    for (const payment of [undefined, held, declined, expired, released])
      expect(releasePayment(payment, "order")).toBeUndefined();
    expect(releasePayment(confirmed, "next")).toBeUndefined();
    expect(releasePayment(captured, "next")).toBeUndefined();
    expect(releasePayment(captured, "order")).toMatchObject({ rule: "payment-captured" });
  });

  it("expires when no order has confirmed it, in two steps", () => {
    expect(expiring).toMatchObject({ status: "authorized", isExpiring: true, version: 1 });
    expect(expired).toMatchObject({ status: "expired", version: 2 });
    for (const payment of [undefined, declined, confirmed, captured, released, expiring, expired])
      expect(beginExpiry(payment)).toBeUndefined();
    for (const payment of [undefined, held, confirmed, expired])
      expect(expirePayment(payment)).toBeUndefined();
  });

  it("is captured for the order that it is confirmed for, once", () => {
    expect(captured).toMatchObject({ status: "captured", version: 3 });
    for (const payment of [undefined, held, declined, captured, released, expired])
      expect(capturePayment(payment, "order")).toMatchObject({ rule: "payment-is-not-confirmed" });
    expect(capturePayment(confirmed, "next")).toMatchObject({ rule: "payment-is-not-confirmed" });
  });
});

const moves: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  authorized: ["confirmed", "expired"],
  confirmed: ["released", "captured"],
  declined: [],
  released: [],
  captured: [],
  expired: [],
};

const orders = fc.constantFrom("order", "next");
const commands = fc.oneof(
  fc
    .record({
      customerId: fc.constantFrom("mina", "other"),
      orderId: orders,
      amount: fc.constantFrom(0, 100, 101).map(money),
    })
    .map((asked) => (payment: Payment) => confirmPayment(payment, asked)),
  orders.map((orderId) => (payment: Payment) => releasePayment(payment, orderId)),
  orders.map((orderId) => (payment: Payment) => capturePayment(payment, orderId)),
  fc.constantFrom(beginExpiry, expirePayment),
);

const sequences = fc.array(commands, { minLength: 20, maxLength: 40 });

it("No sequence of commands leaves the status graph, changes an order once it is there, or skips a version.", () => {
  fc.assert(
    fc.property(fc.constantFrom(held, declined), sequences, (start, sequence) => {
      let payment = start;
      for (const command of sequence) {
        const next = command(payment);
        if (!next || isRefusal(next)) continue;
        const hasMoved = next.status !== payment.status;
        if (hasMoved) expect(moves[payment.status]).toContain(next.status);
        expect(next.version).toBe(payment.version + (hasMoved ? 1 : 0));
        if (payment.orderId !== undefined) expect(next.orderId).toBe(payment.orderId);
        payment = next;
      }
    }),
    { numRuns: 500 },
  );
});
