import type { Money } from "@mall/common/money";
import { type Refusal, refuse } from "tidings";

/** What an order costs. `version` counts the changes of its status, from 1. */
export interface Invoice {
  readonly id: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly paymentId: string;
  readonly amount: Money;
  readonly status: "pending" | "paid" | "cancelled";
  readonly version: number;
}

/** An invoice that is due. */
export function newInvoice(id: string, due: Omit<Invoice, "id" | "status" | "version">): Invoice {
  return { ...due, id, status: "pending", version: 1 };
}

/** The invoice when it is paid. Refused: `invoice-is-not-pending`. */
export function payInvoice(invoice: Invoice): Invoice | Refusal {
  if (invoice.status !== "pending")
    return refuse("invoice-is-not-pending", `The invoice is ${invoice.status}.`);
  return { ...invoice, status: "paid", version: invoice.version + 1 };
}
