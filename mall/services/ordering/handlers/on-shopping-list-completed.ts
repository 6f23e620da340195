import type { ShoppingListCompleted } from "@mall/depot/contract";
import type { MessageOf, Transaction } from "tidings";
import { makeReady } from "../decide-order.ts";
import { followOrder } from "./follow-order.ts";

/** The goods are collected: the order is ready. A repeat changes nothing. */
export function onShoppingListCompleted(event: MessageOf<typeof ShoppingListCompleted>, tx: Transaction) {
  const { orderId, shoppingListId } = event.data;
  return followOrder(tx, orderId, (order) => makeReady(order, shoppingListId));
}
