import { Id } from "@mall/common/id";
import { Money, money } from "@mall/common/money";
import { z } from "zod";
import { basketStatuses } from "./basket.ts";
import { BasketItem } from "./contract.ts";
import { maximumQuantity } from "./decide-basket.ts";

const customerId = "01981f4a-7c00-7000-8000-000000000003";
const productId = "01981f4a-7c00-7000-8000-000000000002";
const item = {
  productId,
  productName: "Travelling ink",
  storeId: "01981f4a-7c00-7000-8000-000000000001",
  storeName: "The Paper Lantern",
  quantity: 2,
  price: money(1299),
  priceChanged: { from: money(1299), to: money(1399) },
};

/** Body of `POST /api/baskets`. */
export const StartBasket = z
  .object({ customerId: Id })
  .meta({ id: "StartBasket", examples: [{ customerId }] });

/** Body of `POST /api/baskets/{id}/items`. */
export const AddItem = z
  .object({ productId: Id, quantity: z.int().min(1).max(maximumQuantity) })
  .meta({ id: "AddItem", examples: [{ productId, quantity: 2 }] });

/** Path of `DELETE /api/baskets/{id}/items/{productId}`. */
export const ItemParams = z.object({ id: Id, productId: Id });

/** Query of `DELETE /api/baskets/{id}/items/{productId}`: without a quantity the whole line goes. */
export const RemoveItem = z.object({
  quantity: z
    .string()
    .regex(/^[1-9][0-9]{0,8}$/, "must be a whole number from 1")
    .transform(Number)
    .optional(),
});

/** Body of `POST /api/baskets/{id}/checkout`. */
export const CheckOut = z
  .object({ paymentId: Id, acceptPriceChanges: z.boolean().default(false) })
  .meta({ id: "CheckOut", examples: [{ paymentId: "01981f4a-7c00-7000-8000-000000000012" }] });

/** A basket, as it is answered. An open basket flags each line whose product costs something else by now. */
export const BasketResource = z
  .object({
    id: Id,
    customerId: Id,
    status: z.enum(basketStatuses),
    items: z.array(BasketItem.extend({ priceChanged: z.object({ from: Money, to: Money }).optional() })),
    total: Money,
  })
  .meta({
    id: "Basket",
    examples: [
      {
        id: "01981f4a-7c00-7000-8000-000000000010",
        customerId,
        status: "open",
        items: [item],
        total: money(2598),
      },
    ],
  });
export type BasketResource = z.infer<typeof BasketResource>;
