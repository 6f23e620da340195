import { type EventContext, type Transaction, view } from "tidings";
import { Basket, type BasketStatus } from "../basket.ts";
import type { BasketItem } from "../contract.ts";

/** The tables `baskets` and `items`: each basket, its version and its lines. */
export const basketsView = view(Basket, {
  BasketStarted: ({ customerId }, { id, version }, tx) =>
    tx.query("insert into baskets (id, customer_id, status, version) values ($1, $2, 'open', $3)", [
      id,
      customerId,
      version,
    ]),
  ItemAdded: (item, at, tx) => Promise.all([addItem(tx, at, item), updateBasket(tx, at, "open")]),
  ItemRemoved: ({ productId, quantity }, at, tx) =>
    Promise.all([
      tx.query("update items set quantity = quantity - $3 where basket_id = $1 and product_id = $2", [
        at.id,
        productId,
        quantity,
      ]),
      tx.query("delete from items where basket_id = $1 and quantity = 0", [at.id]),
      updateBasket(tx, at, "open"),
    ]),
  BasketCancelled: (_, at, tx) => updateBasket(tx, at, "cancelled"),
  BasketCheckedOut: ({ items }, at, tx) =>
    Promise.all([setPrices(tx, at, items), updateBasket(tx, at, "checkedOut")]),
});

function addItem(tx: Transaction, at: EventContext, item: BasketItem) {
  return tx.query(
    `insert into items as i
       (basket_id, product_id, product_name, store_id, store_name, quantity, price, added_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (basket_id, product_id) do update set quantity = i.quantity + excluded.quantity`,
    [
      at.id,
      item.productId,
      item.productName,
      item.storeId,
      item.storeName,
      item.quantity,
      item.price,
      at.version,
    ],
  );
}

function setPrices(tx: Transaction, at: EventContext, items: readonly BasketItem[]) {
  return tx.query(
    `update items i set price = n.price
     from jsonb_to_recordset($2) as n ("productId" uuid, price jsonb)
     where i.basket_id = $1 and i.product_id = n."productId"`,
    [at.id, JSON.stringify(items)],
  );
}

function updateBasket(tx: Transaction, at: EventContext, status: BasketStatus) {
  return tx.query("update baskets set status = $2, version = $3 where id = $1", [at.id, status, at.version]);
}
