import { isRefusal, notFound, type Transaction } from "tidings";
import { occupyBot } from "../bot.ts";
import { lockBot, updateBot } from "../bot-table.ts";
import { ShoppingListAssigned } from "../contract.ts";
import { assignList } from "../shopping-list.ts";
import { updateList } from "../shopping-list-table.ts";
import { existingList } from "./existing-list.ts";

/**
 * Gives an available list to an idle bot. Of several that want the same list, or the same bot, at once, the first gets
 * it. Refused: `not-found`, `list-is-not-available`, `bot-is-busy`.
 */
export async function assignShoppingList(
  tx: Transaction,
  id: string,
  asked: { readonly botId: string; readonly expectedVersion?: number | undefined },
) {
  const { botId, expectedVersion } = asked;
  const list = await existingList(tx, id, expectedVersion);
  if (isRefusal(list)) return list;
  const bot = await lockBot(tx, botId);
  if (!bot) return notFound("bot", botId);
  const assigned = assignList(list, botId);
  if (isRefusal(assigned)) return assigned;
  const active = occupyBot(bot);
  if (isRefusal(active)) return active;
  await updateList(tx, assigned);
  await updateBot(tx, active);
  tx.publish(ShoppingListAssigned, { shoppingListId: id, orderId: list.orderId, botId });
  return assigned;
}
