import { Id } from "@mall/common/id";
import { money, Price } from "@mall/common/money";
import { Code, Description, Name } from "@mall/common/text";
import { paged } from "tidings";
import { z } from "zod";

const lantern = { name: "The Paper Lantern", location: "Ground floor, north wing" };
const ink = {
  name: "Travelling ink",
  description: "Dries before the train leaves.",
  sku: "INK-07",
  price: money(1299),
};
const storeId = "01981f4a-7c00-7000-8000-000000000001";
const productId = "01981f4a-7c00-7000-8000-000000000002";

/** Body of `POST /api/stores`. */
export const OpenStore = z
  .object({ name: Name, location: Name })
  .meta({ id: "OpenStore", examples: [lantern] });

/** Body of `PUT /api/stores/{id}/participation`. */
export const ChangeParticipation = z
  .object({ participating: z.boolean() })
  .meta({ id: "ChangeParticipation", examples: [{ participating: true }] });

/** Body of `PUT /api/stores/{id}/name`. */
export const RebrandStore = z
  .object({ name: Name })
  .meta({ id: "RebrandStore", examples: [{ name: "Lantern & Daughters" }] });

/** Body of `POST /api/stores/{id}/products`. */
export const AddProduct = z
  .object({ name: Name, description: Description, sku: Code, price: Price })
  .meta({ id: "AddProduct", examples: [ink] });

/** Body of `PATCH /api/products/{id}`: what is left out stays as it is. */
export const RebrandProduct = z
  .object({ name: Name.optional(), description: Description.optional() })
  .meta({ id: "RebrandProduct", examples: [{ name: "Traveller's ink" }] });

/** Body of `PUT /api/products/{id}/price`. */
export const ChangePrice = z
  .object({ price: Price })
  .meta({ id: "ChangePrice", examples: [{ price: money(999) }] });

/** Query of `GET /api/stores`. */
export const ListStores = paged({
  filters: z.object({
    participating: z
      .enum(["true", "false"], "must be true or false")
      .transform((text) => text === "true")
      .optional(),
  }),
});

/** Query of `GET /api/stores/{id}/products`. */
export const ListProducts = paged();

const store = { id: storeId, ...lantern, participating: true };
const product = { id: productId, storeId, ...ink };

/** A store, as it is answered. */
export const StoreResource = z
  .object({ id: Id, name: Name, location: Name, participating: z.boolean() })
  .meta({ id: "Store", examples: [store] });

/** A page of stores. */
export const StorePage = z
  .object({ items: z.array(StoreResource), next: z.string().nullable() })
  .meta({ id: "StorePage", examples: [{ items: [store], next: null }] });

/** A product, as it is answered. */
export const ProductResource = z
  .object({ id: Id, storeId: Id, name: Name, description: Description, sku: Code, price: Price })
  .meta({ id: "Product", examples: [product] });

/** A page of products. */
export const ProductPage = z
  .object({ items: z.array(ProductResource), next: z.string().nullable() })
  .meta({ id: "ProductPage", examples: [{ items: [product], next: null }] });
