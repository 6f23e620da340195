import fc from "fast-check";
import { isRefusal, type Refusal } from "tidings";
import { describe, expect, it } from "vitest";
import {
  assignList,
  cancelList,
  collectStop,
  completeList,
  newShoppingList,
  planStops,
  releaseList,
  type ShoppingList,
} from "./shopping-list.ts";

const moves = {
  release: releaseList,
  assign: (list: ShoppingList) => assignList(list, "trundle"),
  collectNorth: (list: ShoppingList) => collectStop(list, "north"),
  collectSouth: (list: ShoppingList) => collectStop(list, "south"),
  complete: completeList,
  cancel: cancelList,
};
type Move = keyof typeof moves;

const place = (productId: string, storeId: string) => ({
  productId,
  productName: `The ${productId}`,
  storeId,
  storeName: `The ${storeId} store`,
  location: `${storeId} wing`,
});
const places = [place("ink", "north"), place("pen", "north"), place("cup", "south")];
const stops = planStops(
  [
    { productId: "ink", quantity: 2 },
    { productId: "cup", quantity: 1 },
  ],
  places,
);

/** The list after moves that are all allowed. */
function after(...path: Move[]): ShoppingList {
  let list = newShoppingList("list", "order", stops);
  for (const move of path) {
    const moved: ShoppingList | Refusal = moves[move](list);
    if (isRefusal(moved)) throw new Error(`${move} was refused: ${moved.rule}.`);
    list = moved;
  }
  return list;
}

const states = {
  pending: after(),
  available: after("release"),
  assigned: after("release", "assign"),
  collected: after("release", "assign", "collectNorth", "collectSouth"),
  completed: after("release", "assign", "collectNorth", "collectSouth", "complete"),
  cancelled: after("cancel"),
};

const same = "stays the same";
const outcomes: Record<Move, Record<keyof typeof states, string>> = {
  release: {
    pending: "available",
    available: same,
    assigned: same,
    collected: same,
    completed: same,
    cancelled: "shopping-list-cancelled",
  },
  assign: {
    pending: "list-is-not-available",
    available: "assigned",
    assigned: "list-is-not-available",
    collected: "list-is-not-available",
    completed: "list-is-not-available",
    cancelled: "list-is-not-available",
  },
  collectNorth: {
    pending: "list-is-not-assigned",
    available: "list-is-not-assigned",
    assigned: "assigned",
    collected: same,
    completed: "list-is-not-assigned",
    cancelled: "list-is-not-assigned",
  },
  collectSouth: {
    pending: "list-is-not-assigned",
    available: "list-is-not-assigned",
    assigned: "assigned",
    collected: same,
    completed: "list-is-not-assigned",
    cancelled: "list-is-not-assigned",
  },
  complete: {
    pending: "list-is-not-assigned",
    available: "list-is-not-assigned",
    assigned: "stops-not-collected",
    collected: "completed",
    completed: "list-is-not-assigned",
    cancelled: "list-is-not-assigned",
  },
  cancel: {
    pending: "cancelled",
    available: "cancelled",
    assigned: "shopping-has-begun",
    collected: "shopping-has-begun",
    completed: "shopping-has-begun",
    cancelled: same,
  },
};
const cases = Object.entries(outcomes).flatMap(([move, from]) =>
  Object.entries(from).map(
    ([state, outcome]) => [move, state, outcome] as [Move, keyof typeof states, string],
  ),
);

describe("a shopping list", () => {
  it("is pending at first, without a bot, at version 1", () => {
    expect(states.pending).toEqual({
      id: "list",
      orderId: "order",
      status: "pending",
      botId: null,
      stops,
      version: 1,
    });
  });

  it.each(cases)("after %s of a list that is %s: %s", (move, state, outcome) => {
    const list = states[state];
    const moved = moves[move](list);
    if (isRefusal(moved)) return expect(moved.rule).toBe(outcome);
    if (moved === list) return expect(outcome).toBe(same);
    expect([moved.status, moved.version]).toEqual([outcome, list.version + 1]);
  });

  it("names its bot from the assignment on", () => {
    expect(states.available.botId).toBe(null);
    expect([states.assigned.botId, states.completed.botId]).toEqual(["trundle", "trundle"]);
  });

  it("cannot be completed while one of its stops is open", () => {
    const half = after("release", "assign", "collectSouth");
    expect(half.stops.map(({ collected }) => collected)).toEqual([false, true]);
    expect(completeList(half)).toMatchObject({
      rule: "stops-not-collected",
      detail: "1 of 2 stops are open.",
    });
  });

  it.each(Object.keys(states) as (keyof typeof states)[])("has, when it is %s, no other stops", (state) => {
    expect(collectStop(states[state], "west")).toMatchObject({ rule: "not-found" });
  });

  it("leaves its graph by no sequence of moves", () => {
    const graph = ["pending available", "available assigned", "assigned completed"];
    graph.push("pending cancelled", "available cancelled", "assigned assigned");
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...(Object.keys(moves) as Move[])), { maxLength: 30 }), (path) => {
        let list = states.pending;
        for (const move of path) {
          const moved = moves[move](list);
          if (isRefusal(moved) || moved === list) continue;
          expect(graph).toContain(`${list.status} ${moved.status}`);
          expect(moved.version).toBe(list.version + 1);
          expect(moved.botId !== null).toBe(["assigned", "completed"].includes(moved.status));
          if (moved.status === "completed")
            expect(moved.stops.every(({ collected }) => collected)).toBe(true);
          list = moved;
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("the stops", () => {
  it("are one for each store, in the order of the lines, which are summed by product", () => {
    const lines = [
      ["cup", 1],
      ["ink", 2],
      ["cup", 4],
      ["pen", 3],
    ] as const;
    const items = lines.map(([productId, quantity]) => ({ productId, quantity }));
    expect(planStops(items, places)).toEqual([
      {
        storeId: "south",
        storeName: "The south store",
        location: "south wing",
        collected: false,
        items: [{ productId: "cup", productName: "The cup", quantity: 5 }],
      },
      {
        storeId: "north",
        storeName: "The north store",
        location: "north wing",
        collected: false,
        items: [
          { productId: "ink", productName: "The ink", quantity: 2 },
          { productId: "pen", productName: "The pen", quantity: 3 },
        ],
      },
    ]);
  });

  it("hold of each product, at its store alone, as many units as the lines together", () => {
    const products = fc.uniqueArray(fc.tuple(fc.nat(20), fc.constantFrom("north", "south", "west")), {
      selector: ([product]) => product,
      minLength: 1,
    });
    const lines = products.chain((known) => {
      const productId = fc.constantFrom(...known.map(([product]) => `${product}`));
      const line = fc.record({ productId, quantity: fc.integer({ min: 1, max: 999 }) });
      return fc.tuple(fc.constant(known), fc.array(line, { minLength: 1, maxLength: 30 }));
    });
    fc.assert(
      fc.property(lines, ([known, items]) => {
        const placed = known.map(([product, store]) => place(`${product}`, store));
        const stops = planStops(items, placed);
        const expected = new Map<string, number>();
        for (const { productId, quantity } of items) {
          const at = `${productId} ${placed.find((one) => one.productId === productId)?.storeId}`;
          expected.set(at, (expected.get(at) ?? 0) + quantity);
        }
        const planned = stops.flatMap(({ storeId, items }) =>
          items.map(({ productId, quantity }) => [`${productId} ${storeId}`, quantity] as const),
        );
        expect(planned.length).toBe(expected.size);
        expect(new Map(planned)).toEqual(expected);
        expect(new Set(stops.map(({ storeId }) => storeId)).size).toBe(stops.length);
      }),
    );
  });
});
