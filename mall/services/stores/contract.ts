import { Id } from "@mall/common/id";
import { Money, money } from "@mall/common/money";
import { Code, Description, Name } from "@mall/common/text";
import { defineEvent } from "tidings";
import { z } from "zod";

const storeId = "01981f4a-7c00-7000-8000-000000000001";
const productId = "01981f4a-7c00-7000-8000-000000000002";

/** A store has opened. It does not participate yet. */
export const StoreOpened = defineEvent("stores.StoreOpened", {
  key: "storeId",
  schema: z.object({ storeId: Id, name: Name, location: Name }),
  example: { storeId, name: "The Paper Lantern", location: "Ground floor, north wing" },
});

/** A store begins or ceases to sell in the mall. */
export const StoreParticipationChanged = defineEvent("stores.StoreParticipationChanged", {
  key: "storeId",
  schema: z.object({ storeId: Id, participating: z.boolean() }),
  example: { storeId, participating: true },
});

/** A store has a new name. */
export const StoreRebranded = defineEvent("stores.StoreRebranded", {
  key: "storeId",
  schema: z.object({ storeId: Id, name: Name }),
  example: { storeId, name: "Lantern & Daughters" },
});

/** A store offers a new product. */
export const ProductAdded = defineEvent("stores.ProductAdded", {
  key: "productId",
  schema: z.object({
    productId: Id,
    storeId: Id,
    name: Name,
    description: Description,
    sku: Code,
    price: Money,
  }),
  example: {
    productId,
    storeId,
    name: "Travelling ink",
    description: "Dries before the train leaves.",
    sku: "INK-07",
    price: money(1299),
  },
});

/** A product's name or description has changed; both are as they are now. */
export const ProductRebranded = defineEvent("stores.ProductRebranded", {
  key: "productId",
  schema: z.object({ productId: Id, name: Name, description: Description }),
  example: { productId, name: "Traveller's ink", description: "Dries before the train leaves." },
});

/** A product costs more than before. */
export const ProductPriceIncreased = defineEvent("stores.ProductPriceIncreased", {
  key: "productId",
  schema: z.object({ productId: Id, from: Money, to: Money }),
  example: { productId, from: money(1299), to: money(1399) },
});

/** A product costs less than before. */
export const ProductPriceDecreased = defineEvent("stores.ProductPriceDecreased", {
  key: "productId",
  schema: z.object({ productId: Id, from: Money, to: Money }),
  example: { productId, from: money(1399), to: money(999) },
});

/** A product is not sold any more. Its sku may be used again, for another product. */
export const ProductRemoved = defineEvent("stores.ProductRemoved", {
  key: "productId",
  schema: z.object({ productId: Id, storeId: Id }),
  example: { productId, storeId },
});
