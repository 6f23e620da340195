import { Id } from "@mall/common/id";
import { defineCommand, defineEvent } from "tidings";
import { z } from "zod";

const orderId = "01981f4a-7c00-7000-8000-000000000011";
const shoppingListId = "01981f4a-7c00-7000-8000-000000000013";
const productId = "01981f4a-7c00-7000-8000-000000000002";
const storeId = "01981f4a-7c00-7000-8000-000000000001";
const botId = "01981f4a-7c00-7000-8000-000000000015";

const ofList = z.object({ shoppingListId: Id, orderId: Id });

/** What an order needs is on a list; nobody may collect it yet. */
export const ShoppingListCreated = defineEvent("depot.ShoppingListCreated", {
  key: "orderId",
  schema: ofList,
  example: { shoppingListId, orderId },
});

/** The goods of a list may be collected now. */
export const ShoppingListMadeAvailable = defineEvent("depot.ShoppingListMadeAvailable", {
  key: "orderId",
  schema: ofList,
  example: { shoppingListId, orderId },
});

/** A bot has begun to collect the goods of a list: from now on it cannot be cancelled. */
export const ShoppingListAssigned = defineEvent("depot.ShoppingListAssigned", {
  key: "orderId",
  schema: ofList.extend({ botId: Id }),
  example: { shoppingListId, orderId, botId },
});

/** The goods of one store are collected. */
export const ShoppingListStopCollected = defineEvent("depot.ShoppingListStopCollected", {
  key: "orderId",
  schema: ofList.extend({ storeId: Id }),
  example: { shoppingListId, orderId, storeId },
});

/** All goods of a list are collected; it has ended. */
export const ShoppingListCompleted = defineEvent("depot.ShoppingListCompleted", {
  key: "orderId",
  schema: ofList,
  example: { shoppingListId, orderId },
});

/** Nobody will collect the goods of the list; it has ended. */
export const ShoppingListCancelled = defineEvent("depot.ShoppingListCancelled", {
  key: "orderId",
  schema: ofList,
  example: { shoppingListId, orderId },
});

/**
 * Put what an order needs on a list, once: a repeat answers the same list. Refused: `product-unavailable` when a
 * product is unknown or removed, `shopping-list-cancelled` when the list of the order was cancelled already.
 */
export const CreateShoppingList = defineCommand("depot.CreateShoppingList", {
  key: "orderId",
  schema: z.object({
    orderId: Id,
    items: z.array(z.object({ productId: Id, quantity: z.int().min(1) })).min(1),
  }),
  reply: z.object({ shoppingListId: Id }),
  example: { orderId, items: [{ productId, quantity: 2 }] },
});

/** Let the goods of an order be collected. A list that is available or beyond is left alone. Refused: `shopping-list-cancelled`. */
export const InitiateShopping = defineCommand("depot.InitiateShopping", {
  key: "orderId",
  schema: ofList,
  reply: z.object({ shoppingListId: Id }),
  example: { shoppingListId, orderId },
});

/**
 * Cancel the list of an order. It is no refusal when there is no list, or when it is cancelled already.
 * Refused: `shopping-has-begun` when a bot has the list.
 */
export const CancelShoppingList = defineCommand("depot.CancelShoppingList", {
  key: "orderId",
  schema: z.object({ orderId: Id }),
  reply: z.object({ orderId: Id }),
  example: { orderId },
});
