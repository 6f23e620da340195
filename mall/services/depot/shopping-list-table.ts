import { type Page, type PageAnswer, pageOf, type Transaction } from "tidings";
import type { ShoppingList } from "./shopping-list.ts";

type Query = Transaction["query"];

const columns = `id, order_id as "orderId", status, bot_id as "botId", stops, version`;

/** One shopping list, or undefined. */
export async function findList(query: Query, id: string): Promise<ShoppingList | undefined> {
  const { rows } = await query<ShoppingList>(`select ${columns} from shopping_lists where id = $1`, [id]);
  return rows[0];
}

/** One page of the shopping lists, of one status when one is given, oldest first. */
export async function findLists(
  query: Query,
  asked: { readonly status?: ShoppingList["status"] | undefined; readonly page: Page },
): Promise<PageAnswer<ShoppingList>> {
  const { status, page } = asked;
  const { rows } = await query<ShoppingList>(
    `select ${columns} from shopping_lists
     where ($1::text is null or status = $1) and ($2::uuid is null or id > $2) order by id limit $3`,
    [status, page.after?.[0], page.limit + 1],
  );
  return pageOf(rows, page, (list) => [list.id]);
}

/** One shopping list, which nobody else changes until the transaction ends, or undefined. */
export async function lockList(tx: Transaction, id: string): Promise<ShoppingList | undefined> {
  const text = `select ${columns} from shopping_lists where id = $1 for update`;
  const { rows } = await tx.query<ShoppingList>(text, [id]);
  return rows[0];
}

/** The shopping list of an order, which nobody else changes until the transaction ends, or undefined. */
export async function lockListOfOrder(tx: Transaction, orderId: string): Promise<ShoppingList | undefined> {
  const text = `select ${columns} from shopping_lists where order_id = $1 for update`;
  const { rows } = await tx.query<ShoppingList>(text, [orderId]);
  return rows[0];
}

/** Stores a new shopping list, of an order that is locked. */
export async function insertList(tx: Transaction, list: ShoppingList): Promise<void> {
  await tx.query(
    "insert into shopping_lists (id, order_id, status, bot_id, stops, version) values ($1, $2, $3, $4, $5, $6)",
    [list.id, list.orderId, list.status, list.botId, JSON.stringify(list.stops), list.version],
  );
}

/** Stores what may change of a shopping list that is locked. */
export async function updateList(tx: Transaction, list: ShoppingList): Promise<void> {
  await tx.query(
    "update shopping_lists set status = $2, bot_id = $3, stops = $4, version = $5 where id = $1",
    [list.id, list.status, list.botId, JSON.stringify(list.stops), list.version],
  );
}
