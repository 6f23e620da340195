import type { InvoicePaid } from "@mall/payments/contract";
import type { MessageOf, Transaction } from "tidings";
import { complete } from "../decide-order.ts";
import { followOrder } from "./follow-order.ts";

/** The invoice is paid: the order is completed. A repeat changes nothing. */
export function onInvoicePaid(event: MessageOf<typeof InvoicePaid>, tx: Transaction) {
  const { orderId, invoiceId } = event.data;
  return followOrder(tx, orderId, (order) => complete(order, invoiceId));
}
