import type { BasketCheckedOut } from "@mall/baskets/contract";
import type { MessageOf, Transaction } from "tidings";
import { recordOrder } from "../change-order.ts";
import { place } from "../decide-order.ts";
import { Order } from "../order.ts";

/** Creates the order that the checkout named; a repeat finds it and changes nothing. */
export async function onBasketCheckedOut(
  event: MessageOf<typeof BasketCheckedOut>,
  tx: Transaction,
): Promise<void> {
  const { orderId, basketId: _, ...details } = event.data;
  const order = await tx.load(Order, orderId);
  await recordOrder(tx, order, place(order.state, details));
}
