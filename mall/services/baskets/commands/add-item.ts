import { notFound, type Transaction } from "tidings";
import { addItem as decide } from "../decide-basket.ts";
import { findProduct } from "../projections/catalogue.ts";
import { type BasketTarget, changeBasket } from "./change-basket.ts";

/** Puts so many units of a product into a basket. Refused: `not-found` (basket, product), and as `addItem` decides. */
export async function addItem(
  tx: Transaction,
  target: BasketTarget,
  item: { productId: string; quantity: number },
) {
  const product = await findProduct(tx, item.productId);
  return changeBasket(tx, target, (basket) => {
    return product ? decide(basket, product, item.quantity) : notFound("product", item.productId);
  });
}
