import { money } from "@mall/common/money";
import { validate } from "tidings";
import { describe, expect, it } from "vitest";
import { AddProduct, ChangeParticipation, ListStores, OpenStore, RebrandProduct } from "./schemas.ts";

const ink = { name: "Ink", description: "", sku: "INK-07", price: money(0) };

function fields(result: { error?: { issues: readonly { path: readonly PropertyKey[] }[] } | undefined }) {
  return result.error?.issues.map((issue) => issue.path.join("/"));
}

describe("the request", () => {
  it("for a store names every field that is wrong", () => {
    expect(fields(OpenStore.safeParse({ name: " " }))).toEqual(["name", "location"]);
  });

  it("for a product takes a price of nothing and an empty description", () => {
    expect(AddProduct.parse(ink)).toEqual(ink);
  });

  it.each(["name", "description", "sku", "price"])("for a product needs its %s", (field) => {
    expect(fields(AddProduct.safeParse({ ...ink, [field]: undefined }))).toEqual([field]);
  });

  it("for a product refuses a blank name, a blank sku and a price in another currency", () => {
    const wrong = { ...ink, name: " ", sku: "", price: { amount: 1, currency: "EUR" } };
    expect(fields(AddProduct.safeParse(wrong))).toEqual(["name", "sku", "price/currency"]);
  });

  it("for participation takes nothing but true and false", () => {
    for (const participating of ["true", 1, null, undefined]) {
      expect(ChangeParticipation.safeParse({ participating }).success).toBe(false);
    }
  });

  it("for a rebranding leaves out what it does not mention, and ignores what it does not know", () => {
    expect(RebrandProduct.parse({ sku: "X" })).toEqual({});
    expect(fields(RebrandProduct.safeParse({ name: "" }))).toEqual(["name"]);
    expect(fields(RebrandProduct.safeParse({ name: null }))).toEqual(["name"]);
  });

  it("for the list of stores filters by participation when it says so", () => {
    const page = { limit: 50 };
    expect(validate(ListStores, {})).toEqual({ value: { page } });
    expect(validate(ListStores, { participating: "false" })).toEqual({
      value: { participating: false, page },
    });
    expect(validate(ListStores, { participating: "true" })).toMatchObject({ value: { participating: true } });
    expect(validate(ListStores, { participating: "yes" })).toMatchObject({
      issues: [{ pointer: "/participating" }],
    });
  });
});
