import { Problem } from "tidings";

const details: Readonly<Record<string, string>> = {
  "customer-unknown": "Nobody is registered under the customer's id.",
  "customer-disabled": "The customer is disabled.",
  "product-unavailable": "A product is not sold any more.",
  "payment-unknown": "There is no such payment.",
  "payment-not-yours": "The payment is another customer's.",
  "payment-declined": "The payment was declined, or has expired.",
  "payment-already-used": "The payment was used for another order.",
  "payment-too-small": "The payment does not cover the total.",
  "timed-out": "It took too long; please try again.",
  "order-cancelled": "The order was cancelled.",
};

/** How an operation ends whose order was not made: a problem object with its rule. */
export function orderProblem(rule: string): object {
  const detail = details[rule] ?? "The order could not be carried out.";
  return new Problem("rule-broken", detail, { rule }).toBody();
}
