import { isRefusal, type Transaction } from "tidings";
import { publishStoreEvents } from "../integration-events.ts";
import { rebrandStore as decide } from "../store.ts";
import { existingStore } from "./existing-store.ts";

/** Gives a store a new name. Refused: `not-found`. */
export async function rebrandStore(
  tx: Transaction,
  id: string,
  change: { readonly name: string; readonly expectedVersion?: number | undefined },
) {
  const found = await existingStore(tx, id, change.expectedVersion);
  if (isRefusal(found)) return found;
  const events = decide(found.store, change.name);
  publishStoreEvents(tx, id, events);
  return tx.append(found.root, events);
}
