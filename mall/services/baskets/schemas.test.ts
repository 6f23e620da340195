import { validate } from "tidings";
import { expect, it } from "vitest";
import { AddItem, CheckOut, RemoveItem } from "./schemas.ts";

const productId = "01981f4a-7c00-7000-8000-000000000002";
const paymentId = "01981f4a-7c00-7000-8000-000000000012";

it.each([1, 999])("%d units can be added.", (quantity) => {
  expect(validate(AddItem, { productId, quantity })).toEqual({ value: { productId, quantity } });
});

it.each([0, -1, 1.5, 1000, "2", null, undefined])("%s units cannot be added.", (quantity) => {
  expect(validate(AddItem, { productId, quantity })).toMatchObject({ issues: [{ pointer: "/quantity" }] });
});

it("A malformed product id is not valid.", () => {
  expect(validate(AddItem, { productId: "ink", quantity: 1 })).toMatchObject({
    issues: [{ pointer: "/productId" }],
  });
});

it.each([
  [undefined, undefined],
  ["1", 1],
  ["5000", 5000],
])("The quantity %s to be removed is read as %s.", (quantity, value) => {
  expect(validate(RemoveItem, { quantity })).toEqual({ value: { quantity: value } });
});

it.each(["0", "-1", "1.5", "", "all", "01", "9999999999"])(
  "The quantity %o cannot be removed.",
  (quantity) => {
    expect(validate(RemoveItem, { quantity })).toMatchObject({ issues: [{ pointer: "/quantity" }] });
  },
);

it("A checkout accepts no price change unless it says so.", () => {
  expect(validate(CheckOut, { paymentId })).toEqual({ value: { paymentId, acceptPriceChanges: false } });
});
