import { Id } from "@mall/common/id";
import { defineCommand } from "tidings";
import { z } from "zod";

const paymentId = "01981f4a-7c00-7000-8000-000000000012";
const reply = z.object({});

/** To ourselves, when a hold's time is over: no order can have it any more, unless one has it already. */
export const ExpirePayment = defineCommand("payments.ExpirePayment", {
  key: "paymentId",
  schema: z.object({ paymentId: Id }),
  reply,
  example: { paymentId },
});

/** To ourselves: give back what is held for a payment that has expired, or has never come to be. */
export const ReleaseHold = defineCommand("payments.ReleaseHold", {
  key: "paymentId",
  schema: z.object({ paymentId: Id }),
  reply,
  example: { paymentId },
});

/** To ourselves: finish the capture for an invoice whose request died. */
export const FinishInvoice = defineCommand("payments.FinishInvoice", {
  key: "invoiceId",
  schema: z.object({ invoiceId: Id }),
  reply,
  example: { invoiceId: "01981f4a-7c00-7000-8000-000000000014" },
});

/** To ourselves, again and again: look for what requests have begun at the processor and not finished. */
export const SweepAttempts = defineCommand("payments.SweepAttempts", {
  key: () => "sweep",
  schema: z.object({}),
  reply,
  example: {},
});
