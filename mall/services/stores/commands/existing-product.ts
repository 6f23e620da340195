import { type AggregateRoot, isRefusal, type Refusal, type Transaction } from "tidings";
import {
  type Product,
  ProductAggregate,
  type ProductEvent,
  type ProductState,
  soldProduct,
} from "../product.ts";

/** A product on sale: what a command decides about, and the root that it appends to. */
export interface ExistingProduct {
  readonly product: Product;
  readonly root: AggregateRoot<ProductState, ProductEvent>;
}

/**
 * The product, or the refusal when there is none, or none any more.
 * @throws TidingsError `stale-version` when it is not at `expectedVersion`
 */
export async function existingProduct(
  tx: Transaction,
  id: string,
  expectedVersion?: number | undefined,
): Promise<ExistingProduct | Refusal> {
  const { state } = await tx.load(ProductAggregate, id);
  const product = soldProduct(state, id);
  if (isRefusal(product)) return product;
  return { product, root: await tx.load(ProductAggregate, id, { expectedVersion }) };
}
