import { money } from "@mall/common/money";
import { expect, it } from "vitest";
import { z } from "zod";
import { BasketResource } from "../schemas.ts";
import { basketResource } from "./find-basket.ts";

const id = "01981f4a-7c00-7000-8000-000000000010";
const [example] = z.tuple([BasketResource]).parse(BasketResource.meta()?.examples);
const { priceChanged: _, ...item } = example.items[0] as BasketResource["items"][number];
const basket = { customerId: example.customerId, version: 3 };

it("A line of an open basket is flagged with both prices when its product costs something else now.", () => {
  const items = [{ ...item, currentPrice: money(1399) }];
  expect(basketResource(id, { ...basket, status: "open", items })).toEqual({
    id,
    customerId: basket.customerId,
    status: "open",
    items: [{ ...item, priceChanged: { from: money(1299), to: money(1399) } }],
    total: money(2598),
  });
});

it.each([
  ["the price is the same", "open", money(1299)],
  ["the product is not sold any more", "open", null],
  ["the basket is checked out", "checkedOut", money(1399)],
  ["the basket is cancelled", "cancelled", money(1399)],
] as const)("A line is not flagged when %s.", (_case, status, currentPrice) => {
  const items = [{ ...item, currentPrice }];
  expect(basketResource(id, { ...basket, status, items }).items).toEqual([item]);
});

it("The answer is what the schema describes.", () => {
  const items = [{ ...item, currentPrice: money(1399) }];
  const resource = basketResource(id, { ...basket, status: "open", items });
  expect(BasketResource.parse(resource)).toEqual(resource);
});
