import { type Contract, validate } from "tidings";
import { describe, expect, it } from "vitest";
import * as contracts from "./contract.ts";

const { OrderItem: _item, RejectionReason: _reason, ...messages } = contracts;
const declared = Object.values<Contract>(messages);

describe("the contracts of ordering", () => {
  it.each(declared.map((contract) => [contract.type, contract] as const))(
    "The golden example of %s has exactly the fields of its schema, and is keyed by its order.",
    (_, contract) => {
      expect(validate(contract.schema, contract.example)).toEqual({ value: contract.example });
      expect(contract.keyOf(contract.example)).toBe((contract.example as { orderId: string }).orderId);
    },
  );

  it("An order without items is not placed.", () => {
    const { OrderPlaced } = contracts;
    expect(validate(OrderPlaced.schema, { ...OrderPlaced.example, items: [] })).toMatchObject({
      issues: [{ pointer: "/items" }],
    });
  });
});
