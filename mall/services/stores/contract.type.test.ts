import { on } from "tidings";
import { expect, it } from "vitest";
import { ProductAdded, ProductPriceIncreased } from "./contract.ts";

it("A handler that misreads the data of an event does not compile.", () => {
  const handlers = [
    on(ProductAdded, (event) => event.data.price.amount.toFixed()),
    // @ts-expect-error: there is no such field
    on(ProductAdded, (event) => event.data.prise),
    // @ts-expect-error: a price change carries both prices, never a bare delta
    on(ProductPriceIncreased, (event) => event.data.delta),
    // @ts-expect-error: the amount is a number
    on(ProductAdded, (event) => event.data.price.amount.trim()),
  ];
  expect(handlers).toHaveLength(4);
});
