import { type AggregateRoot, isRefusal, type Refusal, type Transaction } from "tidings";
import { openedStore, type Store, StoreAggregate, type StoreEvent, type StoreState } from "../store.ts";

/** A store that has opened: what a command decides about, and the root that it appends to. */
export interface ExistingStore {
  readonly store: Store;
  readonly root: AggregateRoot<StoreState, StoreEvent>;
}

/**
 * The store, or the refusal when there is none.
 * @throws TidingsError `stale-version` when it is not at `expectedVersion`
 */
export async function existingStore(
  tx: Transaction,
  id: string,
  expectedVersion?: number | undefined,
): Promise<ExistingStore | Refusal> {
  const { state } = await tx.load(StoreAggregate, id);
  const store = openedStore(state, id);
  if (isRefusal(store)) return store;
  return { store, root: await tx.load(StoreAggregate, id, { expectedVersion }) };
}
