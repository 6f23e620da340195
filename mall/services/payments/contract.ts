import { Id } from "@mall/common/id";
import { Money, money } from "@mall/common/money";
import { Code } from "@mall/common/text";
import { defineCommand, defineEvent } from "tidings";
import { z } from "zod";

const paymentId = "01981f4a-7c00-7000-8000-000000000012";
const customerId = "01981f4a-7c00-7000-8000-000000000003";
const orderId = "01981f4a-7c00-7000-8000-000000000011";
const invoiceId = "01981f4a-7c00-7000-8000-000000000014";

/** An amount is held on a customer's card. */
export const PaymentAuthorized = defineEvent("payments.PaymentAuthorized", {
  key: "paymentId",
  schema: z.object({ paymentId: Id, customerId: Id, amount: Money }),
  example: { paymentId, customerId, amount: money(2598) },
});

/** The card was declined: nothing is held. `reason` is the processor's. */
export const PaymentDeclined = defineEvent("payments.PaymentDeclined", {
  key: "paymentId",
  schema: z.object({ paymentId: Id, customerId: Id, amount: Money, reason: Code }),
  example: { paymentId, customerId, amount: money(2598), reason: "insufficient-funds" },
});

/** A hold belongs to an order from now on. */
export const PaymentConfirmed = defineEvent("payments.PaymentConfirmed", {
  key: "paymentId",
  schema: z.object({ paymentId: Id, customerId: Id, orderId: Id, amount: Money }),
  example: { paymentId, customerId, orderId, amount: money(2598) },
});

/** A hold was given back. `orderId` is the order that it belonged to, if there was one. */
export const PaymentReleased = defineEvent("payments.PaymentReleased", {
  key: "paymentId",
  schema: z.object({ paymentId: Id, customerId: Id, orderId: Id.optional(), amount: Money }),
  example: { paymentId, customerId, orderId, amount: money(2598) },
});

/** What an order costs is due. */
export const InvoiceCreated = defineEvent("payments.InvoiceCreated", {
  key: "orderId",
  schema: z.object({ invoiceId: Id, orderId: Id, customerId: Id, amount: Money }),
  example: { invoiceId, orderId, customerId, amount: money(2598) },
});

/** An invoice is paid: the amount was captured from the card. */
export const InvoicePaid = defineEvent("payments.InvoicePaid", {
  key: "orderId",
  schema: z.object({ invoiceId: Id, orderId: Id, amount: Money }),
  example: { invoiceId, orderId, amount: money(2598) },
});

/**
 * Let a hold belong to an order; a repeat for the same order is done already. Refused, in this order:
 * `payment-unknown`, `payment-not-yours`, `payment-already-used`, `payment-declined`, `payment-too-small`.
 */
export const ConfirmPayment = defineCommand("payments.ConfirmPayment", {
  key: "paymentId",
  schema: z.object({ paymentId: Id, customerId: Id, orderId: Id, amount: Money }),
  reply: z.object({ paymentId: Id }),
  example: { paymentId, customerId, orderId, amount: money(2598) },
});

/**
 * Give the hold of an order back. It is no refusal when the payment is unknown, belongs to another order or to none, or
 * is released already: then nothing is done. Refused: `payment-captured`.
 */
export const ReleasePayment = defineCommand("payments.ReleasePayment", {
  key: "paymentId",
  schema: z.object({ paymentId: Id, orderId: Id }),
  reply: z.object({ paymentId: Id }),
  example: { paymentId, orderId },
});
