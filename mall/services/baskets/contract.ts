import { Id } from "@mall/common/id";
import { Money, money } from "@mall/common/money";
import { Name } from "@mall/common/text";
import { defineEvent } from "tidings";
import { z } from "zod";

/** One line of a basket that was checked out; `price` is the price of one unit. */
export const BasketItem = z.object({
  productId: Id,
  productName: Name,
  storeId: Id,
  storeName: Name,
  quantity: z.int().min(1).max(999),
  price: Money,
});
export type BasketItem = z.infer<typeof BasketItem>;

const basketId = "01981f4a-7c00-7000-8000-000000000010";
const customerId = "01981f4a-7c00-7000-8000-000000000003";

/** A customer has begun to shop. */
export const BasketStarted = defineEvent("baskets.BasketStarted", {
  key: "basketId",
  schema: z.object({ basketId: Id, customerId: Id }),
  example: { basketId, customerId },
});

/** A basket was given up; it has ended. */
export const BasketCancelled = defineEvent("baskets.BasketCancelled", {
  key: "basketId",
  schema: z.object({ basketId: Id, customerId: Id }),
  example: { basketId, customerId },
});

/**
 * A basket was checked out, once and for all: the order with this id is to be made. `total` is the sum of the items.
 * It carries the operation that the shopper follows.
 */
export const BasketCheckedOut = defineEvent("baskets.BasketCheckedOut", {
  key: "basketId",
  schema: z.object({
    basketId: Id,
    orderId: Id,
    customerId: Id,
    paymentId: Id,
    items: z.array(BasketItem).min(1),
    total: Money,
  }),
  example: {
    basketId,
    orderId: "01981f4a-7c00-7000-8000-000000000011",
    customerId,
    paymentId: "01981f4a-7c00-7000-8000-000000000012",
    items: [
      {
        productId: "01981f4a-7c00-7000-8000-000000000002",
        productName: "Travelling ink",
        storeId: "01981f4a-7c00-7000-8000-000000000001",
        storeName: "The Paper Lantern",
        quantity: 2,
        price: money(1299),
      },
    ],
    total: money(2598),
  },
});
