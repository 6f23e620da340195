import { createOrderSteps } from "@mall/checkout/contract";
import {
  isRefusal,
  type Operation,
  operationId,
  type Refusal,
  startOperation,
  type Transaction,
  uuidv7,
} from "tidings";
import { Basket, totalOf } from "../basket.ts";
import { BasketCheckedOut } from "../contract.ts";
import { checkOut as decide } from "../decide-basket.ts";
import { findPrices } from "../projections/catalogue.ts";
import { type BasketTarget, changeBasket } from "./change-basket.ts";

/**
 * Checks a basket out under a new order id. Refused: `not-found`, and as `checkOut` decides. A basket is checked out
 * once: of two requests at the same time the slower one meets a basket that is not open any more.
 *
 * @returns the operation that the shopper follows; it is done when the order is approved, or has ended otherwise
 */
export async function checkOut(
  tx: Transaction,
  target: BasketTarget,
  request: { readonly paymentId: string; readonly acceptPriceChanges: boolean },
): Promise<Operation | Refusal> {
  const orderId = uuidv7(tx.now().getTime());
  const { paymentId } = request;
  const { state } = await tx.load(Basket, target.basketId);
  const prices = await findPrices(
    tx,
    state.items.map((item) => item.productId),
  );
  const basket = await changeBasket(tx, target, (open) => decide(open, { ...request, orderId, prices }));
  if (isRefusal(basket)) return basket;
  const { customerId, items } = basket.state;
  const operation = await startOperation(tx, {
    kind: "checkout",
    owner: customerId,
    metadata: { orderId },
    steps: createOrderSteps,
  });
  tx.publish(
    BasketCheckedOut,
    { basketId: basket.id, orderId, customerId, paymentId, items: [...items], total: totalOf(items) },
    { operationId: operationId(operation) },
  );
  return operation;
}
