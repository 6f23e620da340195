import { isRefusal, refuse, type Transaction, uuidv7 } from "tidings";
import { publishProductEvents } from "../integration-events.ts";
import { addProduct as decide, type Product, ProductAggregate } from "../product.ts";
import { claimSku } from "../skus.ts";
import { existingStore } from "./existing-store.ts";

/** Puts a product on sale under a new id. Refused: `not-found` (the store), `sku-already-used`. */
export async function addProduct(tx: Transaction, product: Product) {
  const { storeId, sku } = product;
  const found = await existingStore(tx, storeId);
  if (isRefusal(found)) return found;
  const root = await tx.load(ProductAggregate, uuidv7(tx.now().getTime()));
  if (!(await claimSku(tx, { storeId, sku, productId: root.id }))) {
    return refuse("sku-already-used", `Another product of this store has the sku ${sku}.`);
  }
  const events = decide(product);
  publishProductEvents(tx, root.id, events);
  return tx.append(root, events);
}
