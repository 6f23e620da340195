// States and moves: open ──▶ checkedOut, open ──▶ cancelled. Only an open basket changes. Decisions: decide-basket.ts.

import { addMoney, type Money, money, timesMoney } from "@mall/common/money";
import { defineAggregate } from "tidings";
import type { BasketItem } from "./contract.ts";

export const basketStatuses = ["open", "cancelled", "checkedOut"] as const;
export type BasketStatus = (typeof basketStatuses)[number];

/** A basket as its events make it; `absent` before the first. A product has one line, in the order of adding. */
export interface BasketState {
  readonly status: BasketStatus | "absent";
  readonly customerId: string;
  readonly items: readonly BasketItem[];
}

/** What a checkout fixed: the items at the prices that the order will have. */
export interface Checkout {
  readonly orderId: string;
  readonly paymentId: string;
  readonly items: readonly BasketItem[];
  readonly total: Money;
}

export type BasketEvent =
  | { readonly type: "BasketStarted"; readonly data: { readonly customerId: string } }
  | { readonly type: "ItemAdded"; readonly data: BasketItem }
  | { readonly type: "ItemRemoved"; readonly data: { readonly productId: string; readonly quantity: number } }
  | { readonly type: "BasketCancelled"; readonly data: Readonly<Record<string, never>> }
  | { readonly type: "BasketCheckedOut"; readonly data: Checkout };

/** A customer's basket. */
export const Basket = defineAggregate<BasketState, BasketEvent>("basket", {
  initial: { status: "absent", customerId: "", items: [] },
  evolve: {
    BasketStarted: (_, { customerId }) => ({ status: "open", customerId, items: [] }),
    ItemAdded: (basket, item) => ({ ...basket, items: withItem(basket.items, item) }),
    ItemRemoved: (basket, { productId, quantity }) => ({
      ...basket,
      items: basket.items
        .map((item) =>
          item.productId === productId ? { ...item, quantity: item.quantity - quantity } : item,
        )
        .filter((item) => item.quantity > 0),
    }),
    BasketCancelled: (basket) => ({ ...basket, status: "cancelled" }),
    BasketCheckedOut: (basket, { items }) => ({ ...basket, status: "checkedOut", items }),
  },
});

/** The line of a product, if the basket has one. */
export function itemOf(items: readonly BasketItem[], productId: string): BasketItem | undefined {
  return items.find((item) => item.productId === productId);
}

/** What the items cost together, exactly. */
export function totalOf(items: readonly Pick<BasketItem, "price" | "quantity">[]): Money {
  return items.reduce((sum, { price, quantity }) => addMoney(sum, timesMoney(price, quantity)), money(0));
}

/** A second add of a product raises the quantity of its line and leaves the price that was shown first. */
function withItem(items: readonly BasketItem[], added: BasketItem): readonly BasketItem[] {
  const known = itemOf(items, added.productId);
  if (!known) return [...items, added];
  const raised = { ...known, quantity: known.quantity + added.quantity };
  return items.map((item) => (item === known ? raised : item));
}
