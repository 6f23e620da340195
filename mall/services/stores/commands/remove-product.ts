import { isRefusal, type Transaction } from "tidings";
import { publishProductEvents } from "../integration-events.ts";
import { removeProduct as decide } from "../product.ts";
import { releaseSku } from "../skus.ts";
import { existingProduct } from "./existing-product.ts";

/** Takes a product off sale for good and frees its sku. Refused: `not-found`. */
export async function removeProduct(tx: Transaction, id: string, expectedVersion?: number) {
  const found = await existingProduct(tx, id, expectedVersion);
  if (isRefusal(found)) return found;
  const { storeId, sku } = found.product;
  await releaseSku(tx, storeId, sku);
  const events = decide(found.product);
  publishProductEvents(tx, id, events);
  return tx.append(found.root, events);
}
