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
import { type DataOf, on, projection, type Transaction } from "tidings";

/**
 * The tables `stores` and `products`: all that is on sale, with the words by which it is found, its store's name among
 * them. Events of one store are in order, and so are those of one product, but a product may be heard of before its store.
 */
export const products = projection(
  "products",
  [
    on(StoreOpened, ({ data }, tx) => nameStore(tx, data.storeId, data.name)),
    on(StoreRebranded, ({ data }, tx) => nameStore(tx, data.storeId, data.name)),
    on(StoreParticipationChanged, ({ data }, tx) =>
      tx.query("update stores set participating = $2 where id = $1", [data.storeId, data.participating]),
    ),
    on(ProductAdded, ({ data }, tx) => addProduct(tx, data)),
    on(ProductRebranded, ({ data }, tx) =>
      tx.query("update products set name = $2, description = $3 where id = $1", [
        data.productId,
        data.name,
        data.description,
      ]),
    ),
    on(ProductPriceIncreased, ({ data }, tx) => setPrice(tx, data.productId, data.to)),
    on(ProductPriceDecreased, ({ data }, tx) => setPrice(tx, data.productId, data.to)),
    on(ProductRemoved, ({ data }, tx) => tx.query("delete from products where id = $1", [data.productId])),
  ],
  { tables: ["stores", "products"] },
);

async function nameStore(tx: Transaction, storeId: string, name: string): Promise<void> {
  await tx.query(
    "insert into stores (id, name) values ($1, $2) on conflict (id) do update set name = excluded.name",
    [storeId, name],
  );
  await tx.query("update products set store_name = $2 where store_id = $1", [storeId, name]);
}

/** Locks the store's row, so that a name that the store gets at the same time also reaches this product. */
async function addProduct(tx: Transaction, product: DataOf<typeof ProductAdded>): Promise<void> {
  const { productId, storeId, name, description, sku, price } = product;
  await tx.query("insert into stores (id) values ($1) on conflict do nothing", [storeId]);
  await tx.query(
    `with store as (select name from stores where id = $2 for share)
     insert into products (id, store_id, store_name, name, description, sku, amount, currency)
     select $1, $2, store.name, $3, $4, $5, $6, $7 from store`,
    [productId, storeId, name, description, sku, price.amount, price.currency],
  );
}

function setPrice(tx: Transaction, productId: string, { amount, currency }: Money) {
  return tx.query("update products set amount = $2, currency = $3 where id = $1", [
    productId,
    amount,
    currency,
  ]);
}
