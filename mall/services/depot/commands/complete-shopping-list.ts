import { isRefusal, type Transaction } from "tidings";
import { freeBot } from "../bot.ts";
import { lockBot, updateBot } from "../bot-table.ts";
import { ShoppingListCompleted } from "../contract.ts";
import { completeList } from "../shopping-list.ts";
import { updateList } from "../shopping-list-table.ts";
import { existingList } from "./existing-list.ts";

/**
 * Ends a list whose stops are all collected, and frees its bot. Refused: `not-found`, `list-is-not-assigned`,
 * `stops-not-collected`.
 */
export async function completeShoppingList(
  tx: Transaction,
  id: string,
  { expectedVersion }: { readonly expectedVersion?: number | undefined },
) {
  const list = await existingList(tx, id, expectedVersion);
  if (isRefusal(list)) return list;
  const completed = completeList(list);
  if (isRefusal(completed)) return completed;
  await updateList(tx, completed);
  const bot = completed.botId === null ? undefined : await lockBot(tx, completed.botId);
  if (bot) await updateBot(tx, freeBot(bot));
  tx.publish(ShoppingListCompleted, { shoppingListId: id, orderId: list.orderId });
  return completed;
}
