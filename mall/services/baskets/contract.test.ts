import { type Contract, validate } from "tidings";
import { expect, it } from "vitest";
import { totalOf } from "./basket.ts";
import * as contracts from "./contract.ts";

const { BasketItem: _, ...messages } = contracts;
const declared = Object.values<Contract>(messages);

it.each(declared.map((contract) => [contract.type, contract] as const))(
  "The golden example of %s has exactly the fields of its schema, and is keyed by its basket.",
  (_type, contract) => {
    expect(validate(contract.schema, contract.example)).toEqual({ value: contract.example });
    expect(contract.keyOf(contract.example)).toBe((contract.example as { basketId: string }).basketId);
  },
);

it("The total of the example is the sum of its items.", () => {
  const { items, total } = contracts.BasketCheckedOut.example as {
    items: contracts.BasketItem[];
    total: unknown;
  };
  expect(totalOf(items)).toEqual(total);
});
