import type { Transaction } from "tidings";

/**
 * Takes a sku for a product, until {@link releaseSku}. Of two transactions that ask for the same one at once, the
 * second waits for the first. @returns false when another product of the store has it
 */
export async function claimSku(
  tx: Transaction,
  claim: { readonly storeId: string; readonly sku: string; readonly productId: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    "insert into skus (store_id, sku, product_id) values ($1, $2, $3) on conflict do nothing",
    [claim.storeId, claim.sku, claim.productId],
  );
  return rowCount === 1;
}

/** Frees the sku of a removed product for another one. */
export async function releaseSku(tx: Transaction, storeId: string, sku: string): Promise<void> {
  await tx.query("delete from skus where store_id = $1 and sku = $2", [storeId, sku]);
}
