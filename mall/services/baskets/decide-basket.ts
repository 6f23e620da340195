import type { Money } from "@mall/common/money";
import { notFound, type Refusal, refuse } from "tidings";
import { type BasketEvent, type BasketState, itemOf, totalOf } from "./basket.ts";
import type { BasketItem } from "./contract.ts";

/** What a request does to a basket: its events, or why it is refused. */
export type BasketDecision = readonly BasketEvent[] | Refusal;

/** A customer, as baskets knows it. */
export interface KnownCustomer {
  readonly id: string;
  readonly enabled: boolean;
}

/** A product on sale, as baskets knows it. The name of its store is null until baskets has heard of the store. */
export interface KnownProduct {
  readonly productId: string;
  readonly productName: string;
  readonly price: Money;
  readonly storeId: string;
  readonly storeName: string | null;
  readonly participating: boolean;
}

/** The units of one product that a basket holds at most. */
export const maximumQuantity = 999;

/** The lines of a basket: so many at the highest price still have an exact total. */
export const maximumItems = 500;

/** Opens a basket. Refuses with `customer-is-disabled`. */
export function startBasket(customer: KnownCustomer): BasketDecision {
  if (!customer.enabled) return refuse("customer-is-disabled", `The customer ${customer.id} is disabled.`);
  return [{ type: "BasketStarted", data: { customerId: customer.id } }];
}

/**
 * Puts so many units of a product into an open basket; the price of a product that is there already stays.
 * Refuses with `basket-is-not-open`, `store-does-not-participate`, `basket-is-full`, `quantity-above-maximum`.
 */
export function addItem(basket: BasketState, product: KnownProduct, quantity: number): BasketDecision {
  const { participating, productId, productName, storeId, storeName, price } = product;
  if (basket.status !== "open") return notOpen(basket);
  if (!participating || storeName === null) {
    return refuse("store-does-not-participate", "The store of the product does not sell in the mall now.");
  }
  const known = itemOf(basket.items, productId);
  if (!known && basket.items.length >= maximumItems) {
    return refuse("basket-is-full", `A basket holds at most ${maximumItems} different products.`);
  }
  if ((known?.quantity ?? 0) + quantity > maximumQuantity) return tooMany;
  const line: BasketItem = known ?? { productId, productName, storeId, storeName, price, quantity };
  return [{ type: "ItemAdded", data: { ...line, quantity } }];
}

/**
 * Takes so many units of a product out of an open basket, all of them when no quantity is given.
 * Refuses with `basket-is-not-open`, `not-found`, `quantity-too-large`.
 */
export function removeItem(basket: BasketState, productId: string, quantity?: number): BasketDecision {
  if (basket.status !== "open") return notOpen(basket);
  const item = itemOf(basket.items, productId);
  if (!item) return notFound("item of the product", productId);
  if (quantity !== undefined && quantity > item.quantity) {
    return refuse("quantity-too-large", `The basket holds ${item.quantity} of this product.`);
  }
  return [{ type: "ItemRemoved", data: { productId, quantity: quantity ?? item.quantity } }];
}

/** open → cancelled. Refuses with `basket-is-not-open`. */
export function cancelBasket(basket: BasketState): BasketDecision {
  return basket.status === "open" ? [{ type: "BasketCancelled", data: {} }] : notOpen(basket);
}

/** What a checkout needs to know besides the basket. */
export interface CheckoutRequest {
  readonly orderId: string;
  readonly paymentId: string;
  readonly acceptPriceChanges: boolean;
  /** Today's price by product; a product that is not in it keeps the price of its line. */
  readonly prices: ReadonlyMap<string, Money>;
}

/**
 * open → checkedOut, at today's prices. Refuses with `basket-is-not-open`, `basket-is-empty`, and `price-changed` when
 * a price is not the one that was shown and the request does not accept that.
 */
export function checkOut(basket: BasketState, request: CheckoutRequest): BasketDecision {
  if (basket.status !== "open") return notOpen(basket);
  if (basket.items.length === 0) return refuse("basket-is-empty", "The basket holds no items.");
  const { orderId, paymentId, acceptPriceChanges, prices } = request;
  const items = basket.items.map((item) => ({ ...item, price: prices.get(item.productId) ?? item.price }));
  const isChanged = items.some((item, at) => item.price.amount !== basket.items[at]?.price.amount);
  if (isChanged && !acceptPriceChanges) {
    return refuse("price-changed", "A price has changed since its item was added: look at the basket again.");
  }
  return [{ type: "BasketCheckedOut", data: { orderId, paymentId, items, total: totalOf(items) } }];
}

function notOpen(basket: BasketState): Refusal {
  return refuse("basket-is-not-open", `The basket is ${basket.status}.`);
}

/** Over HTTP a 422, since the quantity in the body is what is wrong. */
export const tooMany = refuse(
  "quantity-above-maximum",
  `A basket holds at most ${maximumQuantity} of one product.`,
);
