import { type MessageOf, refuse, type Transaction, uuidv7 } from "tidings";
import { type CreateShoppingList, ShoppingListCreated } from "../contract.ts";
import { lockOrder } from "../order-table.ts";
import { findProducts } from "../projections/places.ts";
import {
  newShoppingList,
  type OrderedItem,
  planStops,
  refuseCancelled,
  type Stop,
} from "../shopping-list.ts";
import { insertList, lockListOfOrder } from "../shopping-list-table.ts";

/** So long after a command was sent, the events that its sender had seen by then may still be on their way to us. */
const catchUpMs = 2_000;

/**
 * Puts what an order needs on a list, once: a repeat answers the same list. Refused: `product-unavailable`, and
 * `shopping-list-cancelled` for an order whose list was cancelled, also before there was one.
 *
 * @throws Error when a product is unknown and the command is younger than 2 s: the library retries it soon
 */
export async function createShoppingList(command: MessageOf<typeof CreateShoppingList>, tx: Transaction) {
  const { orderId, items } = command.data;
  const order = await lockOrder(tx, orderId);
  const known = await lockListOfOrder(tx, orderId);
  if (order.cancelled || known?.status === "cancelled") return refuseCancelled();
  if (known) return { shoppingListId: known.id };
  const stops = await findStops(tx, items);
  if (stops === "unknown" && ageOf(command, tx) < catchUpMs)
    throw new Error(`A product of order ${orderId} is not known yet.`);
  if (typeof stops === "string") return refuse("product-unavailable", `A product of the order is ${stops}.`);
  const list = newShoppingList(uuidv7(tx.now().getTime()), orderId, stops);
  await insertList(tx, list);
  tx.publish(ShoppingListCreated, { shoppingListId: list.id, orderId });
  return { shoppingListId: list.id };
}

/** The stops, or why there are none: a removed product never comes back, an unknown one may become known. */
async function findStops(
  tx: Transaction,
  items: readonly OrderedItem[],
): Promise<readonly Stop[] | "removed" | "unknown"> {
  const productIds = new Set(items.map(({ productId }) => productId));
  const products = await findProducts(tx, [...productIds]);
  if (products.some(({ removed }) => removed)) return "removed";
  return products.length < productIds.size ? "unknown" : planStops(items, products);
}

function ageOf({ time }: MessageOf<typeof CreateShoppingList>, tx: Transaction): number {
  return tx.now().getTime() - Date.parse(time);
}
