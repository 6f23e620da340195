import type { z } from "zod";
import type { Invoice } from "./invoice.ts";
import type { Payment } from "./payment.ts";
import type { InvoiceResource, PaymentResource } from "./schemas.ts";

/** A payment without what is not for others. */
export function paymentResource(payment: Payment): z.infer<typeof PaymentResource> {
  const { id, customerId, amount, status, declineReason } = payment;
  return { id, customerId, amount, status, ...(declineReason !== undefined && { declineReason }) };
}

/** An invoice without what is not for others. */
export function invoiceResource(invoice: Invoice): z.infer<typeof InvoiceResource> {
  const { id, orderId, customerId, amount, status } = invoice;
  return { id, orderId, customerId, amount, status };
}
