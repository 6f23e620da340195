import type { Money } from "@mall/common/money";
import type { Transaction } from "tidings";
import { type BasketStatus, totalOf } from "../basket.ts";
import type { BasketItem } from "../contract.ts";
import type { BasketResource } from "../schemas.ts";

/** A line as it was put in, beside today's price of its product: null when that is not on sale any more. */
interface StoredItem extends BasketItem {
  readonly currentPrice: Money | null;
}

interface StoredBasket {
  readonly customerId: string;
  readonly status: BasketStatus;
  readonly version: number;
  readonly items: readonly StoredItem[];
}

/** A basket and its version, or undefined. A transaction sees its own changes. */
export async function findBasket(
  query: Transaction["query"],
  id: string,
): Promise<{ basket: BasketResource; version: number } | undefined> {
  const { rows } = await query<StoredBasket>(
    `select customer_id as "customerId", status, version, coalesce((
       select json_agg(json_build_object(
         'productId', i.product_id, 'productName', i.product_name, 'storeId', i.store_id, 'storeName', i.store_name,
         'quantity', i.quantity, 'price', i.price, 'currentPrice', p.price) order by i.added_at)
       from items i left join products p on p.id = i.product_id
       where i.basket_id = b.id), '[]') as items
     from baskets b where id = $1`,
    [id],
  );
  return rows[0] && { basket: basketResource(id, rows[0]), version: rows[0].version };
}

/** The basket as it is answered: a changed price is flagged as long as the basket is open. */
export function basketResource(id: string, { customerId, status, items }: StoredBasket): BasketResource {
  const shown = items.map(({ currentPrice, ...item }) => {
    const isChanged = status === "open" && currentPrice !== null && currentPrice.amount !== item.price.amount;
    return isChanged ? { ...item, priceChanged: { from: item.price, to: currentPrice } } : item;
  });
  return { id, customerId, status, items: shown, total: totalOf(items) };
}
