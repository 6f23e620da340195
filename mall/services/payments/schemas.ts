import { Id } from "@mall/common/id";
import { Money, money } from "@mall/common/money";
import { Code } from "@mall/common/text";
import { paged } from "tidings";
import { z } from "zod";

const id = "01981f4a-7c00-7000-8000-000000000012";
const customerId = "01981f4a-7c00-7000-8000-000000000003";
const orderId = "01981f4a-7c00-7000-8000-000000000011";
const amount = money(2598);

/** Body of `POST /api/payments`. An order may cost nothing, so nothing may be held for it. */
export const RequestPayment = z
  .object({ customerId: Id, amount: Money, cardToken: Code })
  .meta({ id: "RequestPayment", examples: [{ customerId, amount, cardToken: "tok_ok" }] });
export type RequestPayment = z.infer<typeof RequestPayment>;

/** A payment, as it is answered. */
export const PaymentResource = z
  .object({
    id: Id,
    customerId: Id,
    amount: Money,
    status: z.enum(["authorized", "declined", "confirmed", "released", "captured", "expired"]),
    declineReason: Code.optional(),
  })
  .meta({ id: "Payment", examples: [{ id, customerId, amount, status: "authorized" }] });

/** An invoice, as it is answered. */
export const InvoiceResource = z
  .object({
    id: Id,
    orderId: Id,
    customerId: Id,
    amount: Money,
    status: z.enum(["pending", "paid", "cancelled"]),
  })
  .meta({
    id: "Invoice",
    examples: [
      { id: "01981f4a-7c00-7000-8000-000000000014", orderId, customerId, amount, status: "pending" },
    ],
  });

/** Query of `GET /api/invoices`. */
export const ListInvoices = paged({ filters: z.object({ orderId: Id.optional() }) });

/** Answer of `GET /api/invoices`: oldest first. */
export const InvoicePage = z
  .object({ items: z.array(InvoiceResource), next: z.string().nullable() })
  .meta({ id: "InvoicePage", examples: [{ items: [], next: null }] });
