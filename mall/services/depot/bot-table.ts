import { type Page, type PageAnswer, pageOf, type Transaction } from "tidings";
import type { Bot } from "./bot.ts";

type Query = Transaction["query"];

/** One bot, or undefined. */
export async function findBot(query: Query, id: string): Promise<Bot | undefined> {
  const { rows } = await query<Bot>("select id, name, status, version from bots where id = $1", [id]);
  return rows[0];
}

/**
 * One bot, whom nobody else changes until the transaction ends, or undefined. Who needs a list as well locks the list
 * first.
 */
export async function lockBot(tx: Transaction, id: string): Promise<Bot | undefined> {
  const text = "select id, name, status, version from bots where id = $1 for update";
  const { rows } = await tx.query<Bot>(text, [id]);
  return rows[0];
}

/** One page of the bots, oldest first. */
export async function listBots(query: Query, page: Page): Promise<PageAnswer<Bot>> {
  const { rows } = await query<Bot>(
    `select id, name, status, version from bots
     where $1::uuid is null or id > $1 order by id limit $2`,
    [page.after?.[0], page.limit + 1],
  );
  return pageOf(rows, page, (bot) => [bot.id]);
}

/** Stores a new bot. */
export async function insertBot(tx: Transaction, { id, name, status, version }: Bot): Promise<void> {
  await tx.query("insert into bots (id, name, status, version) values ($1, $2, $3, $4)", [
    id,
    name,
    status,
    version,
  ]);
}

/** Stores what may change of a bot that is locked. */
export async function updateBot(tx: Transaction, { id, status, version }: Bot): Promise<void> {
  await tx.query("update bots set status = $2, version = $3 where id = $1", [id, status, version]);
}
