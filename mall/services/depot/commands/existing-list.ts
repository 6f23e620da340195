import { notFound, type Refusal, TidingsError, type Transaction } from "tidings";
import type { ShoppingList } from "../shopping-list.ts";
import { lockList } from "../shopping-list-table.ts";

/**
 * The shopping list, locked, or the refusal when there is none.
 * @throws TidingsError `stale-version` when it is not at `expectedVersion`
 */
export async function existingList(
  tx: Transaction,
  id: string,
  expectedVersion: number | undefined,
): Promise<ShoppingList | Refusal> {
  const list = await lockList(tx, id);
  if (!list) return notFound("shopping list", id);
  if (expectedVersion !== undefined && expectedVersion !== list.version) {
    throw new TidingsError(
      "stale-version",
      `The shopping list is at version ${list.version}, not ${expectedVersion}.`,
    );
  }
  return list;
}
