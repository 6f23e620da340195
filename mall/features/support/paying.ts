import type { ApiAnswer } from "@mall/common/http-client";
import { bodyOf, readAll } from "./client.ts";
import { eventually } from "./eventually.ts";
import type { Invoice, Ledger, Payment } from "./resources.ts";
import type { Placed, Story } from "./story.ts";

/** Waits for the invoice of an order. */
export function invoiceOf(story: Story, order: Placed): Promise<Invoice> {
  return eventually(`the order ${order.id} has an invoice`, async () => (await invoicesOf(story, order))[0]);
}

/** The invoices of an order: none before it is ready. */
export function invoicesOf({ api }: Story, { id }: Placed): Promise<Invoice[]> {
  return readAll<Invoice>(api, `/api/invoices?orderId=${id}`);
}

/** Pays the invoice of an order, or tries to. */
export async function payInvoiceOf(story: Story, order: Placed): Promise<ApiAnswer<unknown>> {
  const { id } = await invoiceOf(story, order);
  return story.tried(await story.api(`POST /api/invoices/${id}/pay`));
}

/** How a payment is now. */
export async function readPayment({ api }: Story, id: string): Promise<Payment> {
  return bodyOf(await api<Payment>(`GET /api/payments/${id}`));
}

/** What the card processor has seen of a payment. */
export async function ledgerOf(story: Story, paymentId: string): Promise<Ledger> {
  const { holds, captures, releases } = await readLedger(story);
  const isOurs = ({ reference }: { readonly reference: string }) => reference === paymentId;
  return {
    holds: holds.filter(isOurs),
    captures: captures.filter(isOurs),
    releases: releases.filter(isOurs),
  };
}

/** Everything that the card processor has seen, also of other scenarios. */
export async function readLedger({ api }: Story): Promise<Ledger> {
  return bodyOf(await api<Ledger>("GET /processor/ledger"));
}
