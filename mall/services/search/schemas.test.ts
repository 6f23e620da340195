import { expect, it } from "vitest";
import type { z } from "zod";
import {
  FoundOrder,
  FoundOrderPage,
  FoundProduct,
  FoundProductPage,
  ProjectionPage,
  ProjectionResource,
} from "./schemas.ts";

it.each([
  ["a product", FoundProduct],
  ["a page of products", FoundProductPage],
  ["an order", FoundOrder],
  ["a page of orders", FoundOrderPage],
  ["a projection", ProjectionResource],
  ["a page of projections", ProjectionPage],
])("The examples of %s are valid.", (_, schema: z.ZodType) => {
  const { examples = [] } = schema.meta() ?? {};
  expect(examples).not.toHaveLength(0);
  for (const example of examples as unknown[]) expect(schema.parse(example)).toEqual(example);
});
