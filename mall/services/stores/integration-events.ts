import type { Transaction } from "tidings";
import {
  ProductAdded,
  ProductPriceDecreased,
  ProductPriceIncreased,
  ProductRebranded,
  ProductRemoved,
  StoreOpened,
  StoreParticipationChanged,
  StoreRebranded,
} from "./contract.ts";
import type { ProductEvent } from "./product.ts";
import type { StoreEvent } from "./store.ts";

/** Tells the other services what happened to a store, in the transaction in which it happens. */
export function publishStoreEvents(tx: Transaction, storeId: string, events: readonly StoreEvent[]): void {
  for (const event of events) publishStoreEvent(tx, storeId, event);
}

/** Tells the other services what happened to a product, in the transaction in which it happens. */
export function publishProductEvents(
  tx: Transaction,
  productId: string,
  events: readonly ProductEvent[],
): void {
  for (const event of events) publishProductEvent(tx, productId, event);
}

function publishStoreEvent(tx: Transaction, storeId: string, event: StoreEvent): string {
  switch (event.type) {
    case "StoreOpened":
      return tx.publish(StoreOpened, { storeId, ...event.data });
    case "StoreParticipationChanged":
      return tx.publish(StoreParticipationChanged, { storeId, ...event.data });
    case "StoreRebranded":
      return tx.publish(StoreRebranded, { storeId, ...event.data });
  }
}

function publishProductEvent(tx: Transaction, productId: string, event: ProductEvent): string {
  switch (event.type) {
    case "ProductAdded":
      return tx.publish(ProductAdded, { productId, ...event.data });
    case "ProductRebranded":
      return tx.publish(ProductRebranded, { productId, ...event.data });
    case "ProductPriceIncreased":
      return tx.publish(ProductPriceIncreased, { productId, ...event.data });
    case "ProductPriceDecreased":
      return tx.publish(ProductPriceDecreased, { productId, ...event.data });
    case "ProductRemoved":
      return tx.publish(ProductRemoved, { productId, storeId: event.data.storeId });
  }
}
