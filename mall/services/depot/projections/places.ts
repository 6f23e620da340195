import {
  ProductAdded,
  ProductRebranded,
  ProductRemoved,
  StoreOpened,
  StoreRebranded,
} from "@mall/stores/contract";
import { on, projection, type Transaction } from "tidings";
import type { ProductPlace } from "../shopping-list.ts";

/**
 * The tables `stores` and `products`: where each product is found. Events of one store are in order, and so are those of
 * one product, but a product may be heard of before its store. A removed product stays, marked, for ever.
 */
export const places = projection("places", [
  on(StoreOpened, ({ data }, tx) =>
    tx.query(
      `insert into stores (id, name, location) values ($1, $2, $3)
       on conflict (id) do update set name = excluded.name, location = excluded.location`,
      [data.storeId, data.name, data.location],
    ),
  ),
  on(StoreRebranded, ({ data }, tx) =>
    tx.query("update stores set name = $2 where id = $1", [data.storeId, data.name]),
  ),
  on(ProductAdded, ({ data }, tx) =>
    tx.query(
      `insert into products (id, store_id, name, removed) values ($1, $2, $3, false)
       on conflict (id) do update set name = excluded.name`,
      [data.productId, data.storeId, data.name],
    ),
  ),
  on(ProductRebranded, ({ data }, tx) =>
    tx.query("update products set name = $2 where id = $1", [data.productId, data.name]),
  ),
  on(ProductRemoved, ({ data }, tx) =>
    tx.query("update products set removed = true where id = $1", [data.productId]),
  ),
]);

/** What is known of a product and its store. */
export interface KnownProduct extends ProductPlace {
  readonly removed: boolean;
}

/** Those of these products that are known, and whose store is known. */
export async function findProducts(
  tx: Transaction,
  productIds: readonly string[],
): Promise<readonly KnownProduct[]> {
  const { rows } = await tx.query<KnownProduct>(
    `select p.id as "productId", p.name as "productName", p.removed,
       s.id as "storeId", s.name as "storeName", s.location
     from products p join stores s on s.id = p.store_id where p.id = any($1::uuid[])`,
    [productIds],
  );
  return rows;
}
