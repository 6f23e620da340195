import type { MessageOf, Transaction } from "tidings";
import { type ExpirePayment, ReleaseHold } from "../own-commands.ts";
import { beginExpiry } from "../payment.ts";
import { lockPayment, updatePayment } from "../payment-table.ts";

/**
 * Keeps an unused hold from being confirmed, and has it given back. That is decided and committed before the processor is
 * asked: if it were asked here and the process died, an order could still confirm a hold that is gone.
 */
export async function onExpirePayment({ data }: MessageOf<typeof ExpirePayment>, tx: Transaction) {
  const expiring = beginExpiry(await lockPayment(tx, data.paymentId));
  if (expiring) {
    await updatePayment(tx, expiring);
    tx.send(ReleaseHold, data);
  }
  return {};
}
