import type { Money } from "@mall/common/money";
import { isRefusal, type Transaction } from "tidings";
import { publishProductEvents } from "../integration-events.ts";
import { changePrice as decide } from "../product.ts";
import { existingProduct } from "./existing-product.ts";

/** Sets a product's price. Refused: `not-found`. */
export async function changePrice(
  tx: Transaction,
  id: string,
  change: { readonly price: Money; readonly expectedVersion?: number | undefined },
) {
  const found = await existingProduct(tx, id, change.expectedVersion);
  if (isRefusal(found)) return found;
  const events = decide(found.product, change.price);
  publishProductEvents(tx, id, events);
  return tx.append(found.root, events);
}
