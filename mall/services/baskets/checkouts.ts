import type { Transaction } from "tidings";

/** Remembers which operation follows the order that a checkout made. */
export async function insertCheckout(
  tx: Transaction,
  checkout: { readonly orderId: string; readonly basketId: string; readonly operationId: string },
): Promise<void> {
  await tx.query("insert into checkouts (order_id, basket_id, operation_id) values ($1, $2, $3)", [
    checkout.orderId,
    checkout.basketId,
    checkout.operationId,
  ]);
}

/** The operation that follows an order, or undefined when no checkout of ours made it. */
export async function findOperation(tx: Transaction, orderId: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ operationId: string }>(
    `select operation_id as "operationId" from checkouts where order_id = $1`,
    [orderId],
  );
  return rows[0]?.operationId;
}
