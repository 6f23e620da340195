import { money } from "@mall/common/money";
import { isRefusal } from "tidings";
import { describe, expect, it } from "vitest";
import {
  addProduct,
  changePrice,
  ProductAggregate,
  type ProductEvent,
  rebrandProduct,
  removeProduct,
  soldProduct,
} from "./product.ts";

const ink = { storeId: "a-store", name: "Ink", description: "Blue.", sku: "INK-07", price: money(1299) };
const added: ProductEvent = { type: "ProductAdded", data: ink };
const removed: ProductEvent = { type: "ProductRemoved", data: { storeId: "a-store", sku: "INK-07" } };

function state(...events: ProductEvent[]) {
  return events.reduce(ProductAggregate.evolve, ProductAggregate.initial);
}

function given(...events: ProductEvent[]) {
  const product = soldProduct(state(...events), "a-product");
  if (isRefusal(product)) throw new Error(product.detail);
  return product;
}

describe("a product", () => {
  it("is unknown until it is added", () => {
    expect(soldProduct(state(), "a-product")).toMatchObject({ rule: "not-found" });
  });

  it("is added with everything that a shopper sees", () => {
    expect(addProduct(ink)).toEqual([added]);
    expect(given(added)).toEqual(ink);
  });

  it("may cost nothing", () => {
    expect(addProduct({ ...ink, price: money(0) })).toEqual([
      { type: "ProductAdded", data: { ...ink, price: money(0) } },
    ]);
  });

  it("is given another name and keeps its description", () => {
    const events = rebrandProduct(given(added), { name: "Traveller's ink" });
    expect(events).toEqual([
      { type: "ProductRebranded", data: { name: "Traveller's ink", description: "Blue." } },
    ]);
    expect(given(added, ...events)).toEqual({ ...ink, name: "Traveller's ink" });
  });

  it("is described differently, even not at all, and keeps its name", () => {
    const events = rebrandProduct(given(added), { description: "" });
    expect(events).toEqual([{ type: "ProductRebranded", data: { name: "Ink", description: "" } }]);
    expect(given(added, ...events)).toEqual({ ...ink, description: "" });
  });

  it("records nothing when it is called and described so already", () => {
    expect(rebrandProduct(given(added), {})).toEqual([]);
    expect(rebrandProduct(given(added), { name: "Ink", description: "Blue." })).toEqual([]);
  });

  it("records an increase with the old and the new price", () => {
    const events = changePrice(given(added), money(1399));
    expect(events).toEqual([{ type: "ProductPriceIncreased", data: { from: money(1299), to: money(1399) } }]);
    expect(given(added, ...events).price).toEqual(money(1399));
  });

  it("records a decrease with the old and the new price", () => {
    const events = changePrice(given(added), money(0));
    expect(events).toEqual([{ type: "ProductPriceDecreased", data: { from: money(1299), to: money(0) } }]);
    expect(given(added, ...events).price).toEqual(money(0));
  });

  it("records nothing when the price stays", () => {
    expect(changePrice(given(added), money(1299))).toEqual([]);
  });

  it("is unknown again once it is removed", () => {
    expect(removeProduct(given(added))).toEqual([removed]);
    expect(soldProduct(state(added, removed), "a-product")).toMatchObject({ rule: "not-found" });
  });
});
