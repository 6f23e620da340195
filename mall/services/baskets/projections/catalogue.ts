import type { Money } from "@mall/common/money";
import {
  ProductAdded,
  ProductPriceDecreased,
  ProductPriceIncreased,
  ProductRebranded,
  ProductRemoved,
  StoreOpened,
  StoreParticipationChanged,
  StoreRebranded,
} from "@mall/stores/contract";
import { on, projection, type Transaction } from "tidings";
import type { KnownProduct } from "../decide-basket.ts";

/**
 * The tables `stores` and `products`. Events of one store are in order, and so are those of one product, but a product
 * may be heard of before its store: it is on sale as soon as its store takes part.
 */
export const catalogue = projection("catalogue", [
  on(StoreOpened, ({ data }, tx) =>
    tx.query(
      `insert into stores (id, name, participating) values ($1, $2, false)
       on conflict (id) do update set name = excluded.name, participating = false`,
      [data.storeId, data.name],
    ),
  ),
  on(StoreParticipationChanged, ({ data }, tx) =>
    tx.query("update stores set participating = $2 where id = $1", [data.storeId, data.participating]),
  ),
  on(StoreRebranded, ({ data }, tx) =>
    tx.query("update stores set name = $2 where id = $1", [data.storeId, data.name]),
  ),
  on(ProductAdded, ({ data }, tx) =>
    tx.query(
      `insert into products (id, store_id, name, price) values ($1, $2, $3, $4)
       on conflict (id) do update set name = excluded.name, price = excluded.price`,
      [data.productId, data.storeId, data.name, data.price],
    ),
  ),
  on(ProductRebranded, ({ data }, tx) =>
    tx.query("update products set name = $2 where id = $1", [data.productId, data.name]),
  ),
  on(ProductPriceIncreased, ({ data }, tx) => setPrice(tx, data.productId, data.to)),
  on(ProductPriceDecreased, ({ data }, tx) => setPrice(tx, data.productId, data.to)),
  on(ProductRemoved, ({ data }, tx) => tx.query("delete from products where id = $1", [data.productId])),
]);

function setPrice(tx: Transaction, productId: string, price: Money) {
  return tx.query("update products set price = $2 where id = $1", [productId, price]);
}

/** A product on sale, or undefined when it is unknown or was removed. */
export async function findProduct(tx: Transaction, id: string): Promise<KnownProduct | undefined> {
  const { rows } = await tx.query<KnownProduct>(
    `select p.id as "productId", p.name as "productName", p.price, p.store_id as "storeId", s.name as "storeName",
       coalesce(s.participating, false) as participating
     from products p left join stores s on s.id = p.store_id where p.id = $1`,
    [id],
  );
  return rows[0];
}

/** Today's price of each of these products that is still on sale. */
export async function findPrices(
  tx: Transaction,
  productIds: readonly string[],
): Promise<Map<string, Money>> {
  const { rows } = await tx.query<{ id: string; price: Money }>(
    "select id, price from products where id = any($1::uuid[])",
    [productIds],
  );
  return new Map(rows.map(({ id, price }) => [id, price]));
}
