import { money } from "@mall/common/money";
import fc from "fast-check";
import { isRefusal } from "tidings";
import { expect, it } from "vitest";
import { Basket, type BasketState, totalOf } from "./basket.ts";
import {
  addItem,
  type BasketDecision,
  cancelBasket,
  checkOut,
  type KnownProduct,
  removeItem,
  startBasket,
} from "./decide-basket.ts";

const productIds = ["ink", "paper", "quill", "wax"];
const product = fc.constantFrom(...productIds);
const quantity = fc.integer({ min: 1, max: 999 });

/** What may be asked of a basket, or happen around it. */
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ what: fc.constant("add" as const), product, quantity }) },
  fc.record({
    what: fc.constant("remove" as const),
    product,
    quantity: fc.option(quantity, { nil: undefined, freq: 1 }),
  }),
  fc.record({
    what: fc.constant("reprice" as const),
    product,
    amount: fc.integer({ min: 0, max: 10_000_000_000 }),
  }),
  fc.record({ what: fc.constant("leave" as const), product }),
  fc.record({ what: fc.constantFrom("cancel" as const) }),
  fc.record({ what: fc.constant("checkOut" as const), accept: fc.boolean() }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** The world around the basket: today's prices, and the stores that have left. */
class World {
  readonly prices = new Map(productIds.map((id, n) => [id, money(n * 333)]));
  readonly left = new Set<string>();

  decide(basket: BasketState, step: Step): BasketDecision {
    switch (step.what) {
      case "add":
        return addItem(basket, this.#product(step.product), step.quantity);
      case "remove":
        return removeItem(basket, step.product, step.quantity);
      case "reprice":
        this.prices.set(step.product, money(step.amount));
        return [];
      case "leave":
        this.left.add(step.product);
        return [];
      case "cancel":
        return cancelBasket(basket);
      case "checkOut": {
        const request = { orderId: "order", paymentId: "hold", acceptPriceChanges: step.accept };
        return checkOut(basket, { ...request, prices: this.prices });
      }
    }
  }

  #product(productId: string): KnownProduct {
    const price = this.prices.get(productId) ?? money(0);
    const participating = !this.left.has(productId);
    return { productId, productName: productId, price, storeId: "store", storeName: "Store", participating };
  }
}

const graph = ["absent → open", "open → cancelled", "open → checkedOut"];

/** An independent sum: in whole numbers of any size. */
function sumOf(items: BasketState["items"]): bigint {
  return items.reduce((sum, { price, quantity }) => sum + BigInt(price.amount) * BigInt(quantity), 0n);
}

it("No sequence of requests brings a basket outside its graph, and its total always equals its lines.", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const world = new World();
      let basket = Basket.initial;
      for (const next of [undefined, ...steps]) {
        const decided = next ? world.decide(basket, next) : startBasket({ id: "mina", enabled: true });
        if (isRefusal(decided)) continue;
        for (const event of decided) {
          const before = basket;
          basket = Basket.evolve(basket, event);
          if (before.status !== basket.status) expect(graph).toContain(`${before.status} → ${basket.status}`);
          else expect(before.status, `${event.type} changes only an open basket`).toBe("open");
          if (event.type === "BasketCheckedOut")
            expect(BigInt(event.data.total.amount)).toBe(sumOf(basket.items));
        }
        expect(BigInt(totalOf(basket.items).amount)).toBe(sumOf(basket.items));
        expect(new Set(basket.items.map(({ productId }) => productId)).size).toBe(basket.items.length);
        for (const { quantity } of basket.items) expect(quantity >= 1 && quantity <= 999).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

it("A checkout takes today's prices where they are accepted, and else none but those that were shown.", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, accept) => {
      const world = new World();
      let basket = Basket.evolve(Basket.initial, { type: "BasketStarted", data: { customerId: "mina" } });
      for (const next of steps.filter(({ what }) => what !== "checkOut" && what !== "cancel")) {
        const decided = world.decide(basket, next);
        for (const event of isRefusal(decided) ? [] : decided) basket = Basket.evolve(basket, event);
      }
      const decided = world.decide(basket, { what: "checkOut", accept });
      const isChanged = basket.items.some(
        ({ productId, price }) => world.prices.get(productId)?.amount !== price.amount,
      );
      if (basket.items.length === 0) return void expect(decided).toMatchObject({ rule: "basket-is-empty" });
      if (isChanged && !accept) return void expect(decided).toMatchObject({ rule: "price-changed" });
      const [event] = isRefusal(decided) ? [] : decided;
      const items = event?.type === "BasketCheckedOut" ? event.data.items : [];
      expect(items.map(({ price }) => price)).toEqual(
        basket.items.map(({ productId }) => world.prices.get(productId)),
      );
    }),
  );
});
