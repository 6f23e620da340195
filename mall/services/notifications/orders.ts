import type { Transaction } from "tidings";

/** Remembers whose order it is. */
export async function keepOrder(tx: Transaction, orderId: string, customerId: string): Promise<void> {
  await tx.query("insert into orders (id, customer_id) values ($1, $2) on conflict do nothing", [
    orderId,
    customerId,
  ]);
}

/** @throws Error when the order is not known yet: the events of different services come in any order, so try again */
export async function customerOf(tx: Transaction, orderId: string): Promise<string> {
  const { rows } = await tx.query<{ customerId: string }>(
    `select customer_id as "customerId" from orders where id = $1`,
    [orderId],
  );
  if (!rows[0]) throw new Error(`The order ${orderId} is not known yet.`);
  return rows[0].customerId;
}
