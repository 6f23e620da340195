import { strictEqual } from "node:assert/strict";
import { known } from "./story.ts";

/** How a shopper says why something is refused, and what the Mall says. */
const refusals: Readonly<Record<string, string>> = {
  "the basket is empty": "409 basket-is-empty",
  "the basket is not open any more": "409 basket-is-not-open",
  "there are not that many in the basket": "409 quantity-too-large",
  "nobody can carry that many": "422 validation-failed",
  "that is not a quantity": "422 validation-failed",
  "the store has left the mall": "409 store-does-not-participate",
  "there is no such product": "404 not-found",
  "a price has changed": "409 price-changed",
  "the customer is disabled": "409 customer-is-disabled",
  "the bot is busy": "409 bot-is-busy",
  "the list is not available": "409 list-is-not-available",
  "the list is not assigned": "409 list-is-not-assigned",
  "there are stops left": "409 stops-not-collected",
  "the order cannot be cancelled any more": "409 order-cannot-be-cancelled",
  "the invoice is not due any more": "409 invoice-is-not-pending",
  "the key was used for something else": "422 idempotency-key-reused",
  "the card processor does not answer": "503 processor-unavailable",
};

/** How a shopper says why an order is rejected, and what the Mall says. */
const rejections: Readonly<Record<string, string>> = {
  "the customer is disabled": "customer-disabled",
  "a product is not sold any more": "product-unavailable",
  "nobody knows the payment": "payment-unknown",
  "the payment is somebody else's": "payment-not-yours",
  "the payment was declined": "payment-declined",
  "the payment was used already": "payment-already-used",
  "the payment is too small": "payment-too-small",
};

/** @throws Error when there is no such reason */
export function rejectionOf(sentence: string): string {
  return known(rejections[sentence], `rejection "${sentence}"`);
}

/** @throws AssertionError when it did not go as the sentence says */
export function assertRefused(verdict: string, sentence: string): void {
  strictEqual(verdict, known(refusals[sentence], `refusal "${sentence}"`));
}
