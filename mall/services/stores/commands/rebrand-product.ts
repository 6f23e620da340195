import { isRefusal, type Transaction } from "tidings";
import { publishProductEvents } from "../integration-events.ts";
import { rebrandProduct as decide, type Rebranding } from "../product.ts";
import { existingProduct } from "./existing-product.ts";

/** Changes a product's name, description or both. Refused: `not-found`. */
export async function rebrandProduct(
  tx: Transaction,
  id: string,
  change: Rebranding & { readonly expectedVersion?: number | undefined },
) {
  const found = await existingProduct(tx, id, change.expectedVersion);
  if (isRefusal(found)) return found;
  const events = decide(found.product, change);
  publishProductEvents(tx, id, events);
  return tx.append(found.root, events);
}
