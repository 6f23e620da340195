import type { Transaction } from "tidings";
import type { Payment } from "./payment.ts";

type Query = Transaction["query"];

type Row = { readonly [Field in keyof Payment]-?: Payment[Field] | null };

const columns = `id, customer_id as "customerId", amount, status, decline_reason as "declineReason",
  order_id as "orderId", is_expiring as "isExpiring", version`;

/** One payment, or undefined. */
export async function findPayment(query: Query, id: string): Promise<Payment | undefined> {
  const { rows } = await query<Row>(`select ${columns} from payments where id = $1`, [id]);
  return rows[0] && paymentOf(rows[0]);
}

/** One payment, which nobody else changes until the transaction ends, or undefined. */
export async function lockPayment(tx: Transaction, id: string): Promise<Payment | undefined> {
  const { rows } = await tx.query<Row>(`select ${columns} from payments where id = $1 for update`, [id]);
  return rows[0] && paymentOf(rows[0]);
}

function paymentOf({ declineReason, orderId, ...row }: Row): Payment {
  return { ...row, ...(declineReason && { declineReason }), ...(orderId && { orderId }) } as Payment;
}

/** Stores a new payment. @param expiryId the scheduled command that ends its hold */
export async function insertPayment(tx: Transaction, payment: Payment, expiryId?: string): Promise<void> {
  const { id, customerId, amount, status, declineReason, version } = payment;
  await tx.query(
    `insert into payments (id, customer_id, amount, status, decline_reason, expiry_id, version)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [id, customerId, amount, status, declineReason, expiryId, version],
  );
}

/** Stores what may change of a payment that is locked. */
export async function updatePayment(tx: Transaction, payment: Payment): Promise<void> {
  const { id, status, orderId, isExpiring, version } = payment;
  await tx.query(
    "update payments set status = $2, order_id = $3, is_expiring = $4, version = $5 where id = $1",
    [id, status, orderId, isExpiring, version],
  );
}

/** The hold does not end by itself any more. */
export async function cancelExpiry(tx: Transaction, { id }: Payment): Promise<void> {
  const { rows } = await tx.query<{ expiryId: string | null }>(
    `select expiry_id as "expiryId" from payments where id = $1`,
    [id],
  );
  if (rows[0]?.expiryId) await tx.cancelScheduled(rows[0].expiryId);
}
