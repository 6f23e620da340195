import type { OrderReadied } from "@mall/ordering/contract";
import { type MessageOf, type Transaction, uuidv7 } from "tidings";
import { InvoiceCreated } from "../contract.ts";
import { newInvoice } from "../invoice.ts";
import { insertInvoice } from "../invoice-table.ts";

/** Makes the invoice of an order whose goods are collected: one, however often it is told. */
export async function onOrderReadied({ data }: MessageOf<typeof OrderReadied>, tx: Transaction) {
  const { orderId, customerId, paymentId, total } = data;
  const id = uuidv7(tx.now().getTime());
  const invoice = newInvoice(id, { orderId, customerId, paymentId, amount: total });
  if (!(await insertInvoice(tx, invoice))) return;
  tx.publish(InvoiceCreated, { invoiceId: id, orderId, customerId, amount: total });
}
