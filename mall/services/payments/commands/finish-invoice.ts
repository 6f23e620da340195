import { isRefusal, type MessageOf, type Transaction } from "tidings";
import type { CardProcessor } from "../card-processor.ts";
import type { FinishInvoice } from "../own-commands.ts";
import { captureFor, settle, settlementOf } from "./settle-invoice.ts";

/** Pays an invoice whose request died on the way; nothing happens when somebody else has paid it. */
export function onFinishInvoice(processor: CardProcessor) {
  return async ({ data }: MessageOf<typeof FinishInvoice>, tx: Transaction) => {
    const settlement = await settlementOf(tx, data.invoiceId);
    if (isRefusal(settlement)) return {};
    await captureFor(processor, settlement.invoice, tx.signal);
    await settle(tx, settlement);
    return {};
  };
}
