import { describe, expect, it } from "vitest";
import { defineAggregate, upcastEvent } from "./aggregate.ts";

type BasketEvent =
  | { type: "Added"; data: { item: string; quantity: number } }
  | { type: "Cleared"; data: Record<string, never> };

const Basket = defineAggregate<number, BasketEvent>("basket", {
  initial: 0,
  evolve: { Added: (count, { quantity }) => count + quantity, Cleared: () => 0 },
  upcasts: {
    ItemAdded: (data: { item: string }): BasketEvent => ({ type: "Added", data: { ...data, quantity: 1 } }),
    PairAdded: (data: { items: string[] }): BasketEvent[] =>
      data.items.map((item) => ({ type: "Added", data: { item, quantity: 1 } })),
    Looked: () => [],
  },
});

describe("an aggregate", () => {
  it("becomes what its events make of it, in order", () => {
    const events: BasketEvent[] = [
      { type: "Added", data: { item: "a", quantity: 2 } },
      { type: "Cleared", data: {} },
      { type: "Added", data: { item: "b", quantity: 3 } },
    ];
    expect(events.reduce(Basket.evolve, Basket.initial)).toBe(3);
  });

  it("says what is missing when it meets an event that it does not know", () => {
    const stranger = { type: "Burnt", data: {} } as unknown as BasketEvent;
    expect(() => Basket.evolve(0, stranger)).toThrow(
      'basket cannot evolve by "Burnt": add it to evolve, or to upcasts.',
    );
  });

  it("has snapshots only where it asks for them, at version 1 unless it says another", () => {
    const withSnapshot = (snapshot: { every: number; version?: number }) =>
      defineAggregate<number, BasketEvent>("basket", {
        initial: 0,
        evolve: { Added: (count) => count, Cleared: () => 0 },
        snapshot,
      }).snapshot;
    expect(Basket.snapshot).toBeUndefined();
    expect(withSnapshot({ every: 10 })).toEqual({ every: 10, version: 1 });
    expect(withSnapshot({ every: 10, version: 4 })).toEqual({ every: 10, version: 4 });
  });
});

describe("a stored event", () => {
  it("is today's event when nothing lifts its type", () => {
    const stored = { type: "Added", data: { item: "a", quantity: 2 } };
    expect(upcastEvent(Basket, stored)).toEqual([stored]);
  });

  it("is lifted to one event, to several, or to none", () => {
    const added = (item: string) => ({ type: "Added", data: { item, quantity: 1 } });
    expect(upcastEvent(Basket, { type: "ItemAdded", data: { item: "a" } })).toEqual([added("a")]);
    expect(upcastEvent(Basket, { type: "PairAdded", data: { items: ["a", "b"] } })).toEqual([
      added("a"),
      added("b"),
    ]);
    expect(upcastEvent(Basket, { type: "Looked", data: {} })).toEqual([]);
  });
});
