import { expect, it } from "vitest";
import { isRefusal, notFound, refuse } from "./refusal.ts";

it("is data with a rule and a sentence", () => {
  expect({ ...refuse("basket-is-empty", "The basket holds no items.") }).toEqual({
    rule: "basket-is-empty",
    detail: "The basket holds no items.",
  });
  expect({ ...notFound("store", "s1") }).toEqual({ rule: "not-found", detail: "There is no store s1." });
});

it("is not taken for a result that looks alike", () => {
  expect(isRefusal(refuse("rule", "detail"))).toBe(true);
  for (const value of [{ rule: "rule", detail: "detail" }, undefined, null, []]) {
    expect(isRefusal(value)).toBe(false);
  }
});
