import type { Transaction } from "tidings";

/**
 * Lets nobody else create or cancel the list of an order until the transaction ends, whether it has a list or not.
 * @returns whether the order was cancelled before it had a list
 */
export async function lockOrder(tx: Transaction, id: string): Promise<{ readonly cancelled: boolean }> {
  const { rows } = await tx.query<{ cancelled: boolean }>(
    `insert into orders (id, cancelled) values ($1, false)
     on conflict (id) do update set id = excluded.id returning orders.cancelled`,
    [id],
  );
  return rows[0] ?? { cancelled: false };
}

/** Remembers of an order that is locked that it gets no list any more. */
export async function cancelOrder(tx: Transaction, id: string): Promise<void> {
  await tx.query("update orders set cancelled = true where id = $1", [id]);
}
