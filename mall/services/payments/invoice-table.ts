import type { Page, Transaction } from "tidings";
import type { Invoice } from "./invoice.ts";

type Query = Transaction["query"];

const columns = `id, order_id as "orderId", customer_id as "customerId", payment_id as "paymentId", amount, status,
  version`;

/** One invoice, or undefined. */
export async function findInvoice(query: Query, id: string): Promise<Invoice | undefined> {
  const { rows } = await query<Invoice>(`select ${columns} from invoices where id = $1`, [id]);
  return rows[0];
}

/** One invoice, which nobody else changes until the transaction ends, or undefined. */
export async function lockInvoice(tx: Transaction, id: string): Promise<Invoice | undefined> {
  const { rows } = await tx.query<Invoice>(`select ${columns} from invoices where id = $1 for update`, [id]);
  return rows[0];
}

/** Which invoices are asked for; what is left out does not matter. */
export interface InvoiceFilters {
  readonly orderId?: string | undefined;
  readonly customerId?: string | undefined;
}

/** The invoices of a page and one more, oldest first. */
export async function listInvoices(
  query: Query,
  { orderId, customerId }: InvoiceFilters,
  { limit, after }: Page,
): Promise<Invoice[]> {
  const { rows } = await query<Invoice>(
    `select ${columns} from invoices
     where ($1::uuid is null or order_id = $1) and ($2::uuid is null or customer_id = $2)
       and ($3::uuid is null or id > $3)
     order by id limit $4`,
    [orderId, customerId, after?.[0], limit + 1],
  );
  return rows;
}

/** Stores a new invoice. @returns false when its order has one already */
export async function insertInvoice(tx: Transaction, invoice: Invoice): Promise<boolean> {
  const { id, orderId, customerId, paymentId, amount, status, version } = invoice;
  const { rowCount } = await tx.query(
    `insert into invoices (id, order_id, customer_id, payment_id, amount, status, version)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (order_id) do nothing`,
    [id, orderId, customerId, paymentId, amount, status, version],
  );
  return rowCount === 1;
}

/** Stores what may change of an invoice that is locked. */
export async function updateInvoice(tx: Transaction, { id, status, version }: Invoice): Promise<void> {
  await tx.query("update invoices set status = $2, version = $3 where id = $1", [id, status, version]);
}

/**
 * Notes that a capture is about to be asked of the processor.
 * @returns false when the invoice is not pending any more
 */
export async function noteCapture(query: Query, id: string, now: Date): Promise<boolean> {
  const { rowCount } = await query(
    "update invoices set capture_asked_at = $2 where id = $1 and status = 'pending'",
    [id, now],
  );
  return rowCount === 1;
}

/** Cancels what is due for an order. @returns false when it is paid, or may have been captured */
export async function cancelInvoiceOf(tx: Transaction, orderId: string): Promise<boolean> {
  await tx.query(
    `update invoices set status = 'cancelled', version = version + 1
     where order_id = $1 and status = 'pending' and capture_asked_at is null`,
    [orderId],
  );
  const { rowCount } = await tx.query("select from invoices where order_id = $1 and status <> 'cancelled'", [
    orderId,
  ]);
  return rowCount === 0;
}

/** The pending invoices whose capture was asked for before a time and has not been finished; each is taken once. */
export async function takeUnfinished(tx: Transaction, before: Date): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `update invoices set is_finishing = true
     where status = 'pending' and not is_finishing and capture_asked_at < $1 returning id`,
    [before],
  );
  return rows.map(({ id }) => id);
}
