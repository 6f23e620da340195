import { mayActFor } from "@mall/common/access";
import { isRefusal, notFound, ok, type ServiceRequest, type Transaction } from "tidings";
import { type CardProcessor, ProcessorUnavailable } from "../card-processor.ts";
import { checkFirst, whenKeyIsFree } from "../check-first.ts";
import { findInvoice, noteCapture } from "../invoice-table.ts";
import { invoiceResource } from "../resources.ts";
import { unavailable } from "./authorize-payment.ts";
import { captureFor, settle, settlementOf } from "./settle-invoice.ts";

/**
 * Captures what is due and answers with the paid invoice:
 *
 *   check → note that it is asked for → capture → store
 *
 * The steps are transactions of their own. Of two requests at once both may ask the processor, which captures once for
 * an invoice; the second to store it is refused. If the process dies after the capture, a repeat of the request goes
 * on, or without one the next sweep (see sweep-attempts.ts).
 *
 * @throws Problem `processor-unavailable`; TidingsError `stale-version`
 */
export async function payInvoiceNow(
  request: ServiceRequest,
  id: string,
  processor: CardProcessor,
): Promise<unknown> {
  const checked = await checkFirst(request, async (tx) => {
    const found = await findInvoice(tx.query.bind(tx), id);
    if (!found || !mayActFor(request, found.customerId)) return notFound("invoice", id);
    const settlement = await settlementOf(tx, id, request.expectedVersion);
    return isRefusal(settlement) ? settlement : { invoice: settlement.invoice, now: tx.now() };
  });
  if ("answer" in checked) return checked.answer;
  const { invoice, now } = checked.passed;
  if (await noteCapture(request.sql.bind(request), id, now)) {
    await captureFor(processor, invoice).catch((error: unknown) => {
      throw error instanceof ProcessorUnavailable ? unavailable(error) : error;
    });
  }
  const store = async (tx: Transaction) => {
    const settlement = await settlementOf(tx, id, request.expectedVersion);
    if (isRefusal(settlement)) return settlement;
    await settle(tx, settlement);
    return ok(invoiceResource(settlement.invoice), { version: settlement.invoice.version });
  };
  return whenKeyIsFree(() => request.transaction(store));
}
