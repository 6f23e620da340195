import { type Transaction, uuidv7 } from "tidings";
import { type Bot, newBot } from "../bot.ts";
import { insertBot } from "../bot-table.ts";

/** Adds a bot under a new id, idle. */
export async function addBot(tx: Transaction, { name }: { readonly name: string }): Promise<Bot> {
  const bot = newBot(uuidv7(tx.now().getTime()), name);
  await insertBot(tx, bot);
  return bot;
}
