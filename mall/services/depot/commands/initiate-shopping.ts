import { isRefusal, type MessageOf, notFound, type Transaction } from "tidings";
import { type InitiateShopping, ShoppingListMadeAvailable } from "../contract.ts";
import { releaseList } from "../shopping-list.ts";
import { lockList, updateList } from "../shopping-list-table.ts";

/**
 * Lets bots take a list. Nothing happens when they may already. Refused: `shopping-list-cancelled`, and `not-found` when
 * the order has no such list.
 */
export async function initiateShopping({ data }: MessageOf<typeof InitiateShopping>, tx: Transaction) {
  const { shoppingListId, orderId } = data;
  const list = await lockList(tx, shoppingListId);
  if (list?.orderId !== orderId) return notFound(`shopping list of order ${orderId}`, shoppingListId);
  const available = releaseList(list);
  if (isRefusal(available)) return available;
  if (available !== list) {
    await updateList(tx, available);
    tx.publish(ShoppingListMadeAvailable, { shoppingListId, orderId });
  }
  return { shoppingListId };
}
