import type { Money } from "@mall/common/money";
import type { OrderPlaced, OrderReadied, OrderRejected, RejectionReason } from "@mall/ordering/contract";
import type { DataOf } from "tidings";

const reasons: Readonly<Record<RejectionReason, string>> = {
  "customer-unknown": "we do not know you as a customer",
  "customer-disabled": "your account is disabled",
  "product-unavailable": "a product is not sold any more",
  "payment-unknown": "we do not know the payment",
  "payment-not-yours": "the payment is somebody else's",
  "payment-declined": "the payment was declined",
  "payment-already-used": "the payment was used for another order",
  "payment-too-small": "the payment does not cover the total",
  "timed-out": "it took too long; please try again",
};

/** What the shopper is told when the order exists. */
export function placedText({ total }: Pick<DataOf<typeof OrderPlaced>, "total">): string {
  return `We have received your order over ${formatMoney(total)}.`;
}

export function approvedText(): string {
  return "Your order is approved.";
}

/** Says why. */
export function rejectedText({ reason }: Pick<DataOf<typeof OrderRejected>, "reason">): string {
  return `We cannot carry out your order: ${reasons[reason]}.`;
}

export function collectingText(): string {
  return "Your order is being collected.";
}

/** Says what is due. */
export function readyText({ total }: Pick<DataOf<typeof OrderReadied>, "total">): string {
  return `Your order is ready. Please pay ${formatMoney(total)}.`;
}

export function paidText(): string {
  return "Your order is paid and complete. Thank you!";
}

export function cancelledText(): string {
  return "Your order is cancelled. Nothing will be charged.";
}

/** `$12.99`: minor units with the currency's own number of decimals, exact for every amount. */
export function formatMoney({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat("en-US", { style: "currency", currency });
  const { maximumFractionDigits = 0 } = format.resolvedOptions();
  return format.format(`${amount}E-${maximumFractionDigits}` as `${number}`);
}
