import type { MessageOf, Transaction } from "tidings";
import { before, giveUpAttempts } from "../attempt-table.ts";
import { takeUnfinished } from "../invoice-table.ts";
import { FinishInvoice, ReleaseHold, SweepAttempts } from "../own-commands.ts";

/**
 * Looks for what requests have begun at the processor and nobody has finished for `abandonAfterMs`, and has it ended:
 * the hold of a payment that never came to be is given back, an invoice whose amount may have been captured is paid.
 * Looks again after half that time.
 */
export function onSweepAttempts(abandonAfterMs: number) {
  return async (_command: MessageOf<typeof SweepAttempts>, tx: Transaction) => {
    const since = before(tx.now(), abandonAfterMs);
    for (const paymentId of await giveUpAttempts(tx, since)) tx.send(ReleaseHold, { paymentId });
    for (const invoiceId of await takeUnfinished(tx, since)) tx.send(FinishInvoice, { invoiceId });
    tx.schedule(new Date(tx.now().getTime() + abandonAfterMs / 2), SweepAttempts, {});
    return {};
  };
}
