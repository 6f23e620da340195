import { isRefusal, notFound, type Refusal, TidingsError, type Transaction } from "tidings";
import type { CardProcessor } from "../card-processor.ts";
import { InvoicePaid } from "../contract.ts";
import { type Invoice, payInvoice } from "../invoice.ts";
import { lockInvoice, updateInvoice } from "../invoice-table.ts";
import { capturePayment, type Payment } from "../payment.ts";
import { lockPayment, updatePayment } from "../payment-table.ts";

/** An invoice and its payment as they are once it is paid. */
export interface Settlement {
  readonly invoice: Invoice;
  readonly payment: Payment;
}

/**
 * What paying an invoice will make of it and of its payment; both are locked until the transaction ends. Nothing is
 * written. Refused: `not-found`, `invoice-is-not-pending`, `payment-is-not-confirmed`.
 * @throws TidingsError `stale-version` when the invoice is not at `expectedVersion`
 */
export async function settlementOf(
  tx: Transaction,
  id: string,
  expectedVersion?: number,
): Promise<Settlement | Refusal> {
  const due = await lockInvoice(tx, id);
  if (!due) return notFound("invoice", id);
  if (expectedVersion !== undefined && expectedVersion !== due.version)
    throw new TidingsError(
      "stale-version",
      `The invoice is at version ${due.version}, not ${expectedVersion}.`,
    );
  const invoice = payInvoice(due);
  if (isRefusal(invoice)) return invoice;
  const payment = capturePayment(await lockPayment(tx, due.paymentId), due.orderId);
  return isRefusal(payment) ? payment : { invoice, payment };
}

/** Takes the amount at the processor: once for an invoice, however often it is asked. */
export async function captureFor(
  processor: CardProcessor,
  { id, paymentId, amount }: Invoice,
  signal?: AbortSignal,
): Promise<void> {
  const call = { reference: paymentId, amount, key: `capture-${id}` };
  await processor.capture(signal ? { ...call, signal } : call);
}

/** Stores that an invoice was paid, after its amount was captured. */
export async function settle(tx: Transaction, { invoice, payment }: Settlement): Promise<void> {
  await updateInvoice(tx, invoice);
  await updatePayment(tx, payment);
  tx.publish(InvoicePaid, { invoiceId: invoice.id, orderId: invoice.orderId, amount: invoice.amount });
}
