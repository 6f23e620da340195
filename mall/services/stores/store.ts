import { defineAggregate, notFound, type Refusal } from "tidings";

/** A store of the mall. */
export interface Store {
  readonly name: string;
  readonly location: string;
  readonly participating: boolean;
}

/** Undefined until the store opens. */
export type StoreState = Store | undefined;

export type StoreEvent =
  | { readonly type: "StoreOpened"; readonly data: { readonly name: string; readonly location: string } }
  | { readonly type: "StoreParticipationChanged"; readonly data: { readonly participating: boolean } }
  | { readonly type: "StoreRebranded"; readonly data: { readonly name: string } };

/** The aggregate behind `/api/stores/{id}`. */
export const StoreAggregate = defineAggregate<StoreState, StoreEvent>("store", {
  initial: undefined,
  evolve: {
    StoreOpened: (_, { name, location }) => ({ name, location, participating: false }),
    StoreParticipationChanged: (store, { participating }) => store && { ...store, participating },
    StoreRebranded: (store, { name }) => store && { ...store, name },
  },
});

/** The store with this id, or the refusal when none has opened under it. */
export function openedStore(state: StoreState, id: string): Store | Refusal {
  return state ?? notFound("store", id);
}

/** Opens a store, which does not participate yet. */
export function openStore(details: { readonly name: string; readonly location: string }): StoreEvent[] {
  return [{ type: "StoreOpened", data: { name: details.name, location: details.location } }];
}

/** Lets a store sell in the mall, or not any more. Nothing happens when it is so already. */
export function changeParticipation(store: Store, participating: boolean): StoreEvent[] {
  if (store.participating === participating) return [];
  return [{ type: "StoreParticipationChanged", data: { participating } }];
}

/** Gives a store a new name. Nothing happens when it is the name that it has. */
export function rebrandStore(store: Store, name: string): StoreEvent[] {
  return store.name === name ? [] : [{ type: "StoreRebranded", data: { name } }];
}
