import type { MessageOf, Transaction } from "tidings";
import type { CardProcessor } from "../card-processor.ts";
import { PaymentReleased } from "../contract.ts";
import type { ReleaseHold } from "../own-commands.ts";
import { expirePayment } from "../payment.ts";
import { lockPayment, updatePayment } from "../payment-table.ts";
import { releaseKey } from "./release-payment.ts";

/** Gives a hold back that nobody can use any more: that of a payment that expires, or of an attempt that was given up. */
export function onReleaseHold(processor: CardProcessor) {
  return async ({ data: { paymentId } }: MessageOf<typeof ReleaseHold>, tx: Transaction) => {
    const expired = expirePayment(await lockPayment(tx, paymentId));
    await processor.release({ reference: paymentId, key: releaseKey(paymentId), signal: tx.signal });
    if (expired) {
      await updatePayment(tx, expired);
      const { customerId, amount } = expired;
      tx.publish(PaymentReleased, { paymentId, customerId, amount });
    }
    return {};
  };
}
