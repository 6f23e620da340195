import { isRefusal, type MessageOf, type Transaction } from "tidings";
import { type CancelShoppingList, ShoppingListCancelled } from "../contract.ts";
import { cancelOrder, lockOrder } from "../order-table.ts";
import { cancelList } from "../shopping-list.ts";
import { lockListOfOrder, updateList } from "../shopping-list-table.ts";

/**
 * Cancels the list of an order. Once it is done the order never has a list to collect: one without a list is remembered,
 * and gets none. Refused: `shopping-has-begun`.
 */
export async function cancelShoppingList({ data }: MessageOf<typeof CancelShoppingList>, tx: Transaction) {
  const { orderId } = data;
  await lockOrder(tx, orderId);
  const list = await lockListOfOrder(tx, orderId);
  if (!list) {
    await cancelOrder(tx, orderId);
    return { orderId };
  }
  const cancelled = cancelList(list);
  if (isRefusal(cancelled)) return cancelled;
  if (cancelled !== list) {
    await updateList(tx, cancelled);
    tx.publish(ShoppingListCancelled, { shoppingListId: list.id, orderId });
  }
  return { orderId };
}
