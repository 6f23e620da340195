import { type Money, maximumPrice, money } from "@mall/common/money";
import { isRefusal } from "tidings";
import { describe, expect, it } from "vitest";
import { Basket, type BasketEvent, type BasketState, totalOf } from "./basket.ts";
import type { BasketItem } from "./contract.ts";
import {
  addItem,
  type BasketDecision,
  cancelBasket,
  checkOut,
  type KnownProduct,
  maximumItems,
  removeItem,
  startBasket,
} from "./decide-basket.ts";

const started: BasketEvent = { type: "BasketStarted", data: { customerId: "mina" } };
const ink = productOf("ink", money(1299));
const lamp = productOf("lamp", money(4500));

function productOf(productId: string, price: Money): KnownProduct {
  const store = { storeId: "lantern", storeName: "Lantern", participating: true };
  return { productId, productName: `The ${productId}`, price, ...store };
}

function added({ participating: _, ...product }: KnownProduct, quantity: number): BasketEvent {
  return { type: "ItemAdded", data: { ...product, quantity } as BasketItem };
}

function removed(productId: string, quantity: number): BasketEvent {
  return { type: "ItemRemoved", data: { productId, quantity } };
}

function basketAfter(...events: BasketEvent[]): BasketState {
  return events.reduce((state, event) => Basket.evolve(state, event), Basket.initial);
}

function outcome(decision: BasketDecision): readonly BasketEvent[] | string {
  return isRefusal(decision) ? decision.rule : decision;
}

function checkoutOf(basket: BasketState, prices: readonly [string, Money][], acceptPriceChanges = false) {
  return checkOut(basket, {
    orderId: "order",
    paymentId: "hold",
    acceptPriceChanges,
    prices: new Map(prices),
  });
}

const empty = basketAfter(started);
const filled = basketAfter(started, added(ink, 2), added(lamp, 1));
const closed = {
  cancelled: basketAfter(started, added(ink, 2), { type: "BasketCancelled", data: {} }),
  checkedOut: basketAfter(started, added(ink, 2), {
    type: "BasketCheckedOut",
    data: { orderId: "order", paymentId: "hold", items: filled.items, total: money(7098) },
  }),
};

describe("starting a basket", () => {
  it("opens it, empty, for a customer who is enabled", () => {
    expect(startBasket({ id: "mina", enabled: true })).toEqual([started]);
    expect(empty).toEqual({ status: "open", customerId: "mina", items: [] });
  });

  it("is refused to a customer who is disabled", () => {
    expect(outcome(startBasket({ id: "mina", enabled: false }))).toBe("customer-is-disabled");
  });
});

describe("adding an item", () => {
  it("puts the product in at the price that it has now", () => {
    expect(addItem(empty, ink, 2)).toEqual([added(ink, 2)]);
  });

  it("raises the quantity of a product that is there, and keeps the price that was shown first", () => {
    const dearer = { ...ink, price: money(1399), productName: "Renamed" };
    const events = addItem(filled, dearer, 3);
    expect(events).toEqual([added(ink, 3)]);
    const basket = basketAfter(started, added(ink, 2), added(lamp, 1), added(ink, 3));
    expect(basket.items.map(({ productId, quantity }) => [productId, quantity])).toEqual([
      ["ink", 5],
      ["lamp", 1],
    ]);
  });

  it("takes 999 of one product and refuses one more", () => {
    expect(addItem(empty, ink, 999)).toEqual([added(ink, 999)]);
    expect(addItem(filled, ink, 997)).toEqual([added(ink, 997)]);
    expect(outcome(addItem(filled, ink, 998))).toBe("quantity-above-maximum");
    expect(outcome(addItem(empty, ink, 1000))).toBe("quantity-above-maximum");
  });

  it("is refused when the store does not participate, or is not known yet", () => {
    expect(outcome(addItem(empty, { ...ink, participating: false }, 1))).toBe("store-does-not-participate");
    expect(outcome(addItem(empty, { ...ink, storeName: null }, 1))).toBe("store-does-not-participate");
  });

  it("is refused for a further product when the basket is full, while known products may be added", () => {
    const lines = Array.from({ length: maximumItems }, (_, at) =>
      added(productOf(`p${at}`, money(maximumPrice)), 999),
    );
    const full = basketAfter(started, ...lines);
    expect(Number.isSafeInteger(totalOf(full.items).amount)).toBe(true);
    expect(outcome(addItem(full, ink, 1))).toBe("basket-is-full");
    const room = basketAfter(started, ...lines, removed("p7", 1));
    expect(addItem(room, productOf("p7", money(maximumPrice)), 1)).toHaveLength(1);
  });
});

describe("removing an item", () => {
  it("takes out so many units and leaves the rest, down to the last", () => {
    expect(removeItem(filled, "ink", 1)).toEqual([removed("ink", 1)]);
    const basket = basketAfter(started, added(ink, 2), removed("ink", 1));
    expect(basket.items).toMatchObject([{ productId: "ink", quantity: 1 }]);
  });

  it("takes out the line with its last unit", () => {
    expect(basketAfter(started, added(ink, 2), removed("ink", 2)).items).toEqual([]);
    expect(removeItem(filled, "lamp", 1)).toEqual([removed("lamp", 1)]);
  });

  it("takes out the whole line when no quantity is given", () => {
    expect(removeItem(filled, "ink")).toEqual([removed("ink", 2)]);
  });

  it("is refused for more units than there are", () => {
    expect(outcome(removeItem(filled, "ink", 3))).toBe("quantity-too-large");
  });

  it("is refused for a product that is not in the basket", () => {
    expect(outcome(removeItem(filled, "kite"))).toBe("not-found");
  });

  it("lets the product be added anew, at today's price", () => {
    const basket = basketAfter(started, added(ink, 2), removed("ink", 2));
    expect(addItem(basket, { ...ink, price: money(1399) }, 1)).toMatchObject([
      { data: { price: money(1399) } },
    ]);
  });
});

describe("checking out", () => {
  it("fixes the items and a total that is their sum", () => {
    expect(checkoutOf(filled, [["ink", ink.price]])).toEqual([
      {
        type: "BasketCheckedOut",
        data: { orderId: "order", paymentId: "hold", items: filled.items, total: money(2 * 1299 + 4500) },
      },
    ]);
  });

  it("is refused when the basket is empty", () => {
    expect(outcome(checkoutOf(empty, []))).toBe("basket-is-empty");
  });

  it.each([
    ["higher", money(1399)],
    ["lower", money(999)],
    ["nothing", money(0)],
  ])("is refused when a price is %s now", (_, price) => {
    expect(outcome(checkoutOf(filled, [["ink", price]]))).toBe("price-changed");
  });

  it("takes the new prices, in the items and in the total, when the shopper accepts them", () => {
    expect(
      checkoutOf(
        filled,
        [
          ["ink", money(1399)],
          ["lamp", lamp.price],
        ],
        true,
      ),
    ).toMatchObject([
      {
        data: {
          items: [
            { productId: "ink", quantity: 2, price: money(1399) },
            { productId: "lamp", quantity: 1, price: money(4500) },
          ],
          total: money(2 * 1399 + 4500),
        },
      },
    ]);
  });

  it("keeps the price of a product that is not sold any more", () => {
    expect(checkoutOf(filled, [["lamp", lamp.price]])).toMatchObject([{ data: { total: money(7098) } }]);
  });

  it("closes the basket with the prices of the order", () => {
    const [event] = checkoutOf(filled, [["ink", money(1)]], true) as [BasketEvent];
    const basket = Basket.evolve(filled, event);
    expect(basket.status).toBe("checkedOut");
    expect(totalOf(basket.items)).toEqual(money(4502));
  });
});

describe("a basket that is not open", () => {
  const commands: Readonly<Record<string, (basket: BasketState) => BasketDecision>> = {
    "add an item": (basket) => addItem(basket, ink, 1),
    "remove an item": (basket) => removeItem(basket, "ink", 1),
    cancel: cancelBasket,
    "check out": (basket) => checkoutOf(basket, []),
  };

  it.each(
    Object.keys(commands).flatMap((command) =>
      Object.keys(closed).map((status) => [command, status] as const),
    ),
  )("refuses to %s when it is %s", (command, status) => {
    const decide = commands[command] as (basket: BasketState) => BasketDecision;
    expect(outcome(decide(closed[status as keyof typeof closed]))).toBe("basket-is-not-open");
  });

  it("was cancelled while it was open", () => {
    expect(cancelBasket(filled)).toEqual([{ type: "BasketCancelled", data: {} }]);
    expect(closed.cancelled.status).toBe("cancelled");
  });
});

describe("the total", () => {
  it("is the exact sum of price times quantity, for any items", () => {
    let seed = 7;
    const next = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 200; round++) {
      const items = Array.from({ length: next(20) }, () => ({
        price: money(next(10_000_000)),
        quantity: 1 + next(999),
      }));
      const sum = items.reduce(
        (total, item) => total + BigInt(item.price.amount) * BigInt(item.quantity),
        0n,
      );
      expect(totalOf(items)).toEqual(money(Number(sum)));
    }
  });

  it("of no items is zero", () => {
    expect(totalOf([])).toEqual(money(0));
  });
});
