import type { Transaction } from "tidings";
import { removeItem as decide } from "../decide-basket.ts";
import { type BasketTarget, changeBasket } from "./change-basket.ts";

/** Takes units of a product, or all of them, out of a basket. Refused: `not-found`, and as `removeItem` decides. */
export function removeItem(
  tx: Transaction,
  target: BasketTarget,
  item: { readonly productId: string; readonly quantity: number | undefined },
) {
  return changeBasket(tx, target, (basket) => decide(basket, item.productId, item.quantity));
}
