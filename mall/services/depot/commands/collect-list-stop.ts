import { isRefusal, type Transaction } from "tidings";
import { ShoppingListStopCollected } from "../contract.ts";
import { collectStop } from "../shopping-list.ts";
import { updateList } from "../shopping-list-table.ts";
import { existingList } from "./existing-list.ts";

/**
 * Notes that the goods of one store are collected. Nothing happens when they are already. Refused: `not-found`,
 * `list-is-not-assigned`.
 */
export async function collectListStop(
  tx: Transaction,
  id: string,
  asked: { readonly storeId: string; readonly expectedVersion?: number | undefined },
) {
  const { storeId, expectedVersion } = asked;
  const list = await existingList(tx, id, expectedVersion);
  if (isRefusal(list)) return list;
  const collected = collectStop(list, storeId);
  if (isRefusal(collected) || collected === list) return collected;
  await updateList(tx, collected);
  tx.publish(ShoppingListStopCollected, { shoppingListId: id, orderId: list.orderId, storeId });
  return collected;
}
