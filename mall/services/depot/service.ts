import { defineService, handles } from "tidings";
import { cancelShoppingList } from "./commands/cancel-shopping-list.ts";
import { createShoppingList } from "./commands/create-shopping-list.ts";
import { initiateShopping } from "./commands/initiate-shopping.ts";
import {
  CancelShoppingList,
  CreateShoppingList,
  InitiateShopping,
  ShoppingListAssigned,
  ShoppingListCancelled,
  ShoppingListCompleted,
  ShoppingListCreated,
  ShoppingListMadeAvailable,
  ShoppingListStopCollected,
} from "./contract.ts";
import { http } from "./http.ts";
import { places } from "./projections/places.ts";

/** Bots collect what an order needs, store by store. */
export const depot = defineService("depot", {
  publishes: [
    ShoppingListCreated,
    ShoppingListMadeAvailable,
    ShoppingListAssigned,
    ShoppingListStopCollected,
    ShoppingListCompleted,
    ShoppingListCancelled,
  ],
  accepts: [
    handles(CreateShoppingList, createShoppingList),
    handles(InitiateShopping, initiateShopping),
    handles(CancelShoppingList, cancelShoppingList),
  ],
  projects: [places],
  migrations: new URL("./migrations/", import.meta.url),
  http,
});
