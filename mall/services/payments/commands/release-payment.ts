import { isRefusal, type MessageOf, refuse, type Transaction } from "tidings";
import type { CardProcessor } from "../card-processor.ts";
import { PaymentReleased, type ReleasePayment } from "../contract.ts";
import { cancelInvoiceOf } from "../invoice-table.ts";
import { releasePayment } from "../payment.ts";
import { lockPayment, updatePayment } from "../payment-table.ts";

/**
 * Gives the hold of an order back: first at the processor, so that the reply says what is so. If the process dies in
 * between, the command is handled again, and the processor knows the key. Refused: see {@link ReleasePayment}.
 */
export function onReleasePayment(processor: CardProcessor) {
  return async ({ data }: MessageOf<typeof ReleasePayment>, tx: Transaction) => {
    const { paymentId, orderId } = data;
    const released = releasePayment(await lockPayment(tx, paymentId), orderId);
    if (isRefusal(released)) return released;
    if (!released) return { paymentId };
    if (!(await cancelInvoiceOf(tx, orderId)))
      return refuse("payment-captured", "The invoice of the order is being paid.");
    await processor.release({ reference: paymentId, key: releaseKey(paymentId), signal: tx.signal });
    await updatePayment(tx, released);
    const { customerId, amount } = released;
    tx.publish(PaymentReleased, { paymentId, customerId, orderId, amount });
    return { paymentId };
  };
}

/** A payment's hold is given back once, whoever asks for it. */
export function releaseKey(paymentId: string): string {
  return `release-${paymentId}`;
}
