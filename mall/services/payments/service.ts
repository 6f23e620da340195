import { CustomerRegistered } from "@mall/customers/contract";
import { OrderReadied } from "@mall/ordering/contract";
import { defineService, handles, on, type Service } from "tidings";
import type { CardProcessor } from "./card-processor.ts";
import { onConfirmPayment } from "./commands/confirm-payment.ts";
import { onExpirePayment } from "./commands/expire-payment.ts";
import { onFinishInvoice } from "./commands/finish-invoice.ts";
import { onReleaseHold } from "./commands/release-hold.ts";
import { onReleasePayment } from "./commands/release-payment.ts";
import { onSweepAttempts } from "./commands/sweep-attempts.ts";
import {
  ConfirmPayment,
  InvoiceCreated,
  InvoicePaid,
  PaymentAuthorized,
  PaymentConfirmed,
  PaymentDeclined,
  PaymentReleased,
  ReleasePayment,
} from "./contract.ts";
import { onCustomerRegistered } from "./handlers/on-customer-registered.ts";
import { onOrderReadied } from "./handlers/on-order-readied.ts";
import { defaultHoldExpiresMs } from "./hold-expiry.ts";
import { http } from "./http.ts";
import { ExpirePayment, FinishInvoice, ReleaseHold, SweepAttempts } from "./own-commands.ts";

export { httpCardProcessor } from "./card-processor-http.ts";
export { parseHoldExpiry } from "./hold-expiry.ts";

export interface PaymentsOptions {
  readonly processor: CardProcessor;
  /** A hold that no order confirms in this time expires: 30 minutes. */
  readonly holdExpiresMs?: number;
  /** What a request has begun at the processor and nobody finishes in this time is ended: 1 minute. */
  readonly abandonAfterMs?: number;
}

/** Holds amounts on cards, and takes them when orders are ready. */
export function payments(options: PaymentsOptions): Service {
  const { processor, holdExpiresMs = defaultHoldExpiresMs, abandonAfterMs = 60_000 } = options;
  return defineService("payments", {
    publishes: [
      PaymentAuthorized,
      PaymentDeclined,
      PaymentConfirmed,
      PaymentReleased,
      InvoiceCreated,
      InvoicePaid,
    ],
    sends: [ExpirePayment, ReleaseHold, FinishInvoice, SweepAttempts],
    accepts: [
      handles(ConfirmPayment, onConfirmPayment),
      handles(ReleasePayment, onReleasePayment(processor)),
      handles(ExpirePayment, onExpirePayment),
      handles(ReleaseHold, onReleaseHold(processor)),
      handles(FinishInvoice, onFinishInvoice(processor)),
      handles(SweepAttempts, onSweepAttempts(abandonAfterMs)),
    ],
    reacts: [on(CustomerRegistered, onCustomerRegistered), on(OrderReadied, onOrderReadied)],
    migrations: new URL("./migrations/", import.meta.url),
    http: http({ processor, holdExpiresMs }),
  });
}
