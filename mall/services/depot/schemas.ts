import { Id, IdParams } from "@mall/common/id";
import { Name } from "@mall/common/text";
import { paged } from "tidings";
import { z } from "zod";
import { listStatuses } from "./shopping-list.ts";

const storeId = "01981f4a-7c00-7000-8000-000000000001";
const productId = "01981f4a-7c00-7000-8000-000000000002";
const orderId = "01981f4a-7c00-7000-8000-000000000011";
const shoppingListId = "01981f4a-7c00-7000-8000-000000000013";
const botId = "01981f4a-7c00-7000-8000-000000000015";

const bot = { id: botId, name: "Trundle", status: "active" } as const;
const shoppingList = {
  id: shoppingListId,
  orderId,
  status: "assigned",
  botId,
  stops: [
    {
      storeId,
      storeName: "The Paper Lantern",
      location: "Ground floor, north wing",
      collected: false,
      items: [{ productId, productName: "Travelling ink", quantity: 2 }],
    },
  ],
} as const;

/** Body of `POST /api/bots`. */
export const AddBot = z.object({ name: Name }).meta({ id: "AddBot", examples: [{ name: "Trundle" }] });

/** Body of `POST /api/shopping-lists/{id}/assign`. */
export const AssignShoppingList = z
  .object({ botId: Id })
  .meta({ id: "AssignShoppingList", examples: [{ botId }] });

/** The path parameters of a stop. */
export const StopParams = IdParams.extend({ storeId: Id });

/** Query of `GET /api/bots`. */
export const ListBots = paged();

/** Query of `GET /api/shopping-lists`. */
export const ListShoppingLists = paged({
  filters: z.object({
    status: z.enum(listStatuses, `must be one of ${listStatuses.join(", ")}`).optional(),
  }),
});

/** A bot, as it is answered. */
export const BotResource = z
  .object({ id: Id, name: Name, status: z.enum(["idle", "active"]) })
  .meta({ id: "Bot", examples: [bot] });

const StopResource = z.object({
  storeId: Id,
  storeName: Name,
  location: Name,
  collected: z.boolean(),
  items: z.array(z.object({ productId: Id, productName: Name, quantity: z.int().min(1) })),
});

/** A shopping list, as it is answered: `botId` once a bot has it. */
export const ShoppingListResource = z
  .object({
    id: Id,
    orderId: Id,
    status: z.enum(listStatuses),
    botId: Id.optional(),
    stops: z.array(StopResource),
  })
  .meta({ id: "ShoppingList", examples: [shoppingList] });

/** A page of bots. */
export const BotPage = z
  .object({ items: z.array(BotResource), next: z.string().nullable() })
  .meta({ id: "BotPage", examples: [{ items: [bot], next: null }] });

/** A page of shopping lists. */
export const ShoppingListPage = z
  .object({ items: z.array(ShoppingListResource), next: z.string().nullable() })
  .meta({ id: "ShoppingListPage", examples: [{ items: [shoppingList], next: null }] });
