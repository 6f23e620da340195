import { isRefusal, type MessageOf, type Transaction } from "tidings";
import { type ConfirmPayment, PaymentConfirmed } from "../contract.ts";
import { confirmPayment } from "../payment.ts";
import { cancelExpiry, lockPayment, updatePayment } from "../payment-table.ts";

/** Lets a hold belong to an order. Refused: see {@link ConfirmPayment}. */
export async function onConfirmPayment({ data }: MessageOf<typeof ConfirmPayment>, tx: Transaction) {
  const { paymentId } = data;
  const payment = await lockPayment(tx, paymentId);
  const confirmed = confirmPayment(payment, data);
  if (isRefusal(confirmed)) return confirmed;
  if (confirmed !== payment) {
    const { customerId, amount } = confirmed;
    await cancelExpiry(tx, confirmed);
    await updatePayment(tx, confirmed);
    tx.publish(PaymentConfirmed, { paymentId, customerId, orderId: data.orderId, amount });
  }
  return { paymentId };
}
