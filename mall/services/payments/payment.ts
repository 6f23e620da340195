import type { Money } from "@mall/common/money";
import { type Refusal, refuse } from "tidings";
import type { HoldOutcome } from "./card-processor.ts";

/**
 * A payment is authorized → confirmed → captured, or released; authorized → expired; or declined from the beginning.
 */
export type PaymentStatus = "authorized" | "declined" | "confirmed" | "released" | "captured" | "expired";

/** A hold on a card. `version` counts the changes of its status, from 1. */
export interface Payment {
  readonly id: string;
  readonly customerId: string;
  readonly amount: Money;
  readonly status: PaymentStatus;
  readonly declineReason?: string;
  /** The order that it belongs to, or belonged to when it was released. */
  readonly orderId?: string;
  /** Its hold is about to be given back: no order can have it any more. */
  readonly isExpiring: boolean;
  readonly version: number;
}

/** A payment as the processor's answer leaves it. */
export function newPayment(
  id: string,
  { customerId, amount }: { readonly customerId: string; readonly amount: Money },
  hold: HoldOutcome,
): Payment {
  const common = { id, customerId, amount, isExpiring: false, version: 1 };
  if (hold.outcome === "held") return { ...common, status: "authorized" };
  return { ...common, status: "declined", declineReason: hold.reason };
}

/** What an order needs of a payment. */
export interface Confirmation {
  readonly customerId: string;
  readonly orderId: string;
  readonly amount: Money;
}

/**
 * The payment as it belongs to the order; the very same when it does already. Refused, in this order: `payment-unknown`,
 * `payment-not-yours`, `payment-already-used`, `payment-declined`, `payment-too-small`.
 */
export function confirmPayment(payment: Payment | undefined, order: Confirmation): Payment | Refusal {
  if (!payment) return refuse("payment-unknown", "There is no such payment.");
  const { status } = payment;
  if (payment.customerId !== order.customerId)
    return refuse("payment-not-yours", "The payment is another customer's.");
  if (isUsed(status)) {
    if (payment.orderId === order.orderId && status !== "released") return payment;
    return refuse("payment-already-used", "The payment was used for an order already.");
  }
  if (status !== "authorized" || payment.isExpiring)
    return refuse("payment-declined", "Nothing is held on the card.");
  if (payment.amount.amount < order.amount.amount)
    return refuse("payment-too-small", "The payment does not cover the order.");
  return moved(payment, "confirmed", { orderId: order.orderId });
}

function isUsed(status: PaymentStatus): boolean {
  return status === "confirmed" || status === "captured" || status === "released";
}

/**
 * The payment without its hold; undefined when there is nothing that this order could give back.
 * Refused: `payment-captured`.
 */
export function releasePayment(payment: Payment | undefined, orderId: string): Payment | Refusal | undefined {
  if (payment?.orderId !== orderId || !payment) return undefined;
  if (payment.status === "captured") return refuse("payment-captured", "The amount has been captured.");
  return payment.status === "confirmed" ? moved(payment, "released") : undefined;
}

/** The payment as nobody can confirm it any more; undefined when its time does not matter any more. */
export function beginExpiry(payment: Payment | undefined): Payment | undefined {
  if (payment?.status !== "authorized" || payment.isExpiring) return undefined;
  return { ...payment, isExpiring: true };
}

/** The payment whose hold has ended unused; undefined when it is not about to. */
export function expirePayment(payment: Payment | undefined): Payment | undefined {
  return payment?.status === "authorized" && payment.isExpiring ? moved(payment, "expired") : undefined;
}

/** The payment whose amount was taken for its order. Refused: `payment-is-not-confirmed`. */
export function capturePayment(payment: Payment | undefined, orderId: string): Payment | Refusal {
  if (payment?.status !== "confirmed" || payment.orderId !== orderId)
    return refuse("payment-is-not-confirmed", "Nothing is held for this order.");
  return moved(payment, "captured");
}

function moved(payment: Payment, status: PaymentStatus, more: { readonly orderId?: string } = {}): Payment {
  return { ...payment, ...more, status, version: payment.version + 1 };
}
