import { isRefusal, notFound, type Refusal, type Transaction, uuidv7 } from "tidings";
import { Basket } from "../basket.ts";
import { BasketStarted } from "../contract.ts";
import { startBasket as decide } from "../decide-basket.ts";
import { findCustomer } from "../projections/known-customers.ts";

/**
 * Opens a basket under a new id. Refused: `not-found` (the customer), `customer-is-disabled`.
 * @returns the basket's id
 */
export async function startBasket(tx: Transaction, customerId: string): Promise<string | Refusal> {
  const customer = await findCustomer(tx, customerId);
  if (!customer) return notFound("customer", customerId);
  const basketId = uuidv7(tx.now().getTime());
  const basket = await tx.decide(Basket, basketId, () => decide(customer));
  if (isRefusal(basket)) return basket;
  tx.publish(BasketStarted, { basketId, customerId });
  return basketId;
}
