import { CheckoutProgressed } from "@mall/checkout/contract";
import { defineService, follows } from "tidings";
import { BasketCancelled, BasketCheckedOut, BasketStarted } from "./contract.ts";
import { http } from "./http.ts";
import { catalogue } from "./projections/catalogue.ts";
import { knownCustomers } from "./projections/known-customers.ts";
import { basketsView } from "./views/baskets.ts";

/** What shoppers are about to buy, up to the checkout. */
export const baskets = defineService("baskets", {
  publishes: [BasketStarted, BasketCancelled, BasketCheckedOut],
  reacts: [follows(CheckoutProgressed)],
  projects: [catalogue, knownCustomers],
  views: [basketsView],
  migrations: new URL("./migrations/", import.meta.url),
  http,
});
