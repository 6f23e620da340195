import { defineService } from "tidings";
import { http } from "./http.ts";
import { orders } from "./projections/orders.ts";
import { products } from "./projections/products.ts";

/** Finds products and orders, in read models of its own that can be rebuilt from the events. It publishes nothing. */
export const search = defineService("search", {
  projects: [products, orders],
  migrations: new URL("./migrations/", import.meta.url),
  http,
});
