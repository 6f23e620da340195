import { isRefusal, type Transaction } from "tidings";
import { BasketCancelled } from "../contract.ts";
import { cancelBasket as decide } from "../decide-basket.ts";
import { type BasketTarget, changeBasket } from "./change-basket.ts";

/** Gives a basket up. Refused: `not-found`, `basket-is-not-open`. */
export async function cancelBasket(tx: Transaction, target: BasketTarget) {
  const basket = await changeBasket(tx, target, decide);
  if (isRefusal(basket)) return basket;
  tx.publish(BasketCancelled, { basketId: basket.id, customerId: basket.state.customerId });
  return basket;
}
