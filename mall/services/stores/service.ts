import { defineService } from "tidings";
import {
  ProductAdded,
  ProductPriceDecreased,
  ProductPriceIncreased,
  ProductRebranded,
  ProductRemoved,
  StoreOpened,
  StoreParticipationChanged,
  StoreRebranded,
} from "./contract.ts";
import { http } from "./http.ts";
import { productsView } from "./views/products.ts";
import { storesView } from "./views/stores.ts";

/** The stores of the mall and what they sell. */
export const stores = defineService("stores", {
  publishes: [
    StoreOpened,
    StoreParticipationChanged,
    StoreRebranded,
    ProductAdded,
    ProductRebranded,
    ProductPriceIncreased,
    ProductPriceDecreased,
    ProductRemoved,
  ],
  views: [storesView, productsView],
  migrations: new URL("./migrations/", import.meta.url),
  http,
});
