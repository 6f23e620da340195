import { describe, expect, it } from "vitest";
import { cards, type Plan, planOf } from "./shopper-plan.ts";
import { randomOf } from "./shopper-random.ts";

const plans = Array.from({ length: 500 }, (_, shopper) => planOf(7, shopper));
const said = ({ random: _, ...plan }: Plan) => plan;

describe("A shopper's plan", () => {
  it("is the same for the same seed and shopper, and another one for others", () => {
    expect(plans.map(said)).toEqual(plans.map((_, shopper) => said(planOf(7, shopper))));
    expect(new Set(plans.map((plan) => JSON.stringify(said(plan)))).size).toBe(plans.length);
    expect(said(planOf(8, 0))).not.toEqual(said(planOf(7, 0)));
  });

  it("does everything that shoppers do, now and then", () => {
    const done = <Choice>(of: (plan: Plan) => Choice) => new Set(plans.map(of));
    expect(done(({ card }) => card)).toEqual(new Set(cards));
    expect(done(({ removes }) => removes)).toEqual(new Set(["nothing", "a unit", "a line"]));
    expect(done(({ follows }) => follows)).toEqual(new Set(["waiting", "polling", "streaming"]));
    expect(done(({ cancels }) => cancels)).toEqual(new Set(["never", "at once", "later"]));
    expect(done(({ pays }) => pays)).toEqual(new Set(["once", "twice", "twice at once"]));
    expect(done(({ lines }) => lines.length)).toEqual(new Set([1, 2, 3, 4]));
    for (const of of ["leavesBasket", "acceptsPriceChanges", "isDisabled"] as const)
      expect(done((plan) => plan[of])).toEqual(new Set([true, false]));
  });
});

describe("A random source", () => {
  it("stays within the bounds that it is given, and reaches them", () => {
    const random = randomOf("bounds");
    const drawn = Array.from({ length: 1_000 }, () => random.between(3, 6));
    expect(new Set(drawn)).toEqual(new Set([3, 4, 5, 6]));
    expect(Array.from({ length: 1_000 }, () => random.fraction()).every((x) => x >= 0 && x < 1)).toBe(true);
  });

  it("cannot choose from nothing", () => {
    expect(() => randomOf("x").pick([])).toThrow("nothing to choose");
  });
});
