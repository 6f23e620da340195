import type { Money } from "@mall/common/money";
import { type EventContext, type Page, type PageAnswer, pageOf, type Transaction, view } from "tidings";
import type { z } from "zod";
import { ProductAggregate } from "../product.ts";
import type { ProductResource } from "../schemas.ts";

interface Reader {
  readonly sql: Transaction["query"];
}
type Product = z.infer<typeof ProductResource>;

/** The table `products`: one row for each product on sale, as it is answered, with its version. */
export const productsView = view(ProductAggregate, {
  ProductAdded: (product, { id, version }, tx) =>
    tx.query(
      "insert into products (id, store_id, name, description, sku, price, version) values ($1, $2, $3, $4, $5, $6, $7)",
      [id, product.storeId, product.name, product.description, product.sku, product.price, version],
    ),
  ProductRebranded: ({ name, description }, { id, version }, tx) =>
    tx.query("update products set name = $2, description = $3, version = $4 where id = $1", [
      id,
      name,
      description,
      version,
    ]),
  ProductPriceIncreased: ({ to }, context, tx) => setPrice(to, context, tx),
  ProductPriceDecreased: ({ to }, context, tx) => setPrice(to, context, tx),
  ProductRemoved: (_, { id }, tx) => tx.query("delete from products where id = $1", [id]),
});

function setPrice(price: Money, { id, version }: EventContext, tx: Transaction) {
  return tx.query("update products set price = $2, version = $3 where id = $1", [id, price, version]);
}

/** One product on sale and its version, or undefined. */
export async function findProduct(
  reader: Reader,
  id: string,
): Promise<{ product: Product; version: number } | undefined> {
  const { rows } = await reader.sql<Product & { version: number }>(
    `select id, store_id as "storeId", name, description, sku, price, version from products where id = $1`,
    [id],
  );
  if (!rows[0]) return undefined;
  const { version, ...product } = rows[0];
  return { product, version };
}

/** One page of what a store sells, oldest first. */
export async function listProducts(
  reader: Reader,
  storeId: string,
  page: Page,
): Promise<PageAnswer<Product>> {
  const { rows } = await reader.sql<Product>(
    `select id, store_id as "storeId", name, description, sku, price from products
     where store_id = $1 and ($2::uuid is null or id > $2) order by id limit $3`,
    [storeId, page.after?.[0], page.limit + 1],
  );
  return pageOf(rows, page, (product) => [product.id]);
}
