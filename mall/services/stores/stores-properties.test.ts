import { money } from "@mall/common/money";
import fc from "fast-check";
import { isRefusal } from "tidings";
import { expect, it } from "vitest";
import {
  addProduct,
  changePrice,
  type Product,
  ProductAggregate,
  type ProductEvent,
  type ProductState,
  rebrandProduct,
  removeProduct,
  soldProduct,
} from "./product.ts";
import {
  changeParticipation,
  openStore,
  type Store,
  StoreAggregate,
  type StoreEvent,
  type StoreState,
} from "./store.ts";

const text = fc.constantFrom("Ink", "Wax", "Quill");
const ink: Product = { storeId: "store", name: "Ink", description: "Blue.", sku: "INK", price: money(1299) };

const productStep = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .integer({ min: 0, max: 5 })
      .map((amount) => (one: Product) => changePrice(one, money(amount))),
  },
  fc
    .record({ name: text, description: text }, { requiredKeys: [] })
    .map((brand) => (one: Product) => rebrandProduct(one, brand)),
  fc.constant((one: Product) => removeProduct(one)),
);

it("A product's events tell its prices without a gap: each begins where the one before it ended.", () => {
  fc.assert(
    fc.property(fc.array(productStep, { maxLength: 30 }), (steps) => {
      let product: ProductState = addProduct(ink).reduce(
        (state: ProductState, event) => ProductAggregate.evolve(state, event),
        undefined,
      );
      for (const decide of steps) {
        const sold = soldProduct(product, "ink");
        if (isRefusal(sold)) return void expect(sold.rule).toBe("not-found");
        const events: readonly ProductEvent[] = decide(sold);
        for (const event of events) {
          if (event.type === "ProductPriceIncreased" || event.type === "ProductPriceDecreased") {
            const { from, to } = event.data;
            expect(from).toEqual(product?.price);
            expect(to.amount > from.amount).toBe(event.type === "ProductPriceIncreased");
            expect(to.amount).not.toBe(from.amount);
          }
          product = ProductAggregate.evolve(product, event);
          expect(product === undefined).toBe(event.type === "ProductRemoved");
        }
        if (product && events.length > 0) expect(decide(product), "a repeat tells nothing").toEqual([]);
      }
    }),
  );
});

it("A store's events are changes: none says what was so already, and together they make the store.", () => {
  const step = fc
    .boolean()
    .map((participating) => (store: Store) => changeParticipation(store, participating));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const opened: StoreEvent[] = openStore({ name: "Lantern", location: "North" });
      let store = opened.reduce((state: StoreState, event) => StoreAggregate.evolve(state, event), undefined);
      for (const decide of steps) {
        const before = store as Store;
        for (const event of decide(before)) store = StoreAggregate.evolve(store, event);
        expect(decide(store as Store)).toEqual([]);
        expect((store as Store).participating === before.participating).toBe(decide(before).length === 0);
      }
    }),
  );
});
