import type { Money } from "@mall/common/money";
import { defineAggregate, notFound, type Refusal } from "tidings";

/** A product that a store sells. */
export interface Product {
  readonly storeId: string;
  readonly name: string;
  readonly description: string;
  readonly sku: string;
  readonly price: Money;
}

/** Undefined until the product is added, and again once it is removed. */
export type ProductState = Product | undefined;

interface PriceChange {
  readonly from: Money;
  readonly to: Money;
}

/** What is to be called or described differently; what is left out stays as it is. */
export interface Rebranding {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
}

export type ProductEvent =
  | { readonly type: "ProductAdded"; readonly data: Product }
  | {
      readonly type: "ProductRebranded";
      readonly data: { readonly name: string; readonly description: string };
    }
  | { readonly type: "ProductPriceIncreased"; readonly data: PriceChange }
  | { readonly type: "ProductPriceDecreased"; readonly data: PriceChange }
  | { readonly type: "ProductRemoved"; readonly data: { readonly storeId: string; readonly sku: string } };

/** The aggregate behind `/api/products/{id}`. */
export const ProductAggregate = defineAggregate<ProductState, ProductEvent>("product", {
  initial: undefined,
  evolve: {
    ProductAdded: (_, product) => product,
    ProductRebranded: (product, { name, description }) => product && { ...product, name, description },
    ProductPriceIncreased: (product, { to }) => product && { ...product, price: to },
    ProductPriceDecreased: (product, { to }) => product && { ...product, price: to },
    ProductRemoved: () => undefined,
  },
});

/** The product with this id, or the refusal: one that was removed is as unknown as one that never was. */
export function soldProduct(state: ProductState, id: string): Product | Refusal {
  return state ?? notFound("product", id);
}

/** Puts a product on sale. That its sku is free in its store is for the caller to see to. */
export function addProduct({ storeId, name, description, sku, price }: Product): ProductEvent[] {
  return [{ type: "ProductAdded", data: { storeId, name, description, sku, price } }];
}

/** Changes the name, the description or both. Nothing happens when they are so already. */
export function rebrandProduct(product: Product, rebranding: Rebranding): ProductEvent[] {
  const { name = product.name, description = product.description } = rebranding;
  if (name === product.name && description === product.description) return [];
  return [{ type: "ProductRebranded", data: { name, description } }];
}

/** Sets the price: an increase, a decrease, or nothing when it is the price already. */
export function changePrice(product: Product, to: Money): ProductEvent[] {
  const from = product.price;
  if (to.amount === from.amount) return [];
  return [
    { type: to.amount > from.amount ? "ProductPriceIncreased" : "ProductPriceDecreased", data: { from, to } },
  ];
}

/** Takes a product off sale for good. */
export function removeProduct({ storeId, sku }: Product): ProductEvent[] {
  return [{ type: "ProductRemoved", data: { storeId, sku } }];
}
