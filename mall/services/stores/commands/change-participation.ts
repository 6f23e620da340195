import { isRefusal, type Transaction } from "tidings";
import { publishStoreEvents } from "../integration-events.ts";
import { changeParticipation as decide } from "../store.ts";
import { existingStore } from "./existing-store.ts";

/** Lets a store sell in the mall, or not any more. Refused: `not-found`. */
export async function changeParticipation(
  tx: Transaction,
  id: string,
  change: { readonly participating: boolean; readonly expectedVersion?: number | undefined },
) {
  const found = await existingStore(tx, id, change.expectedVersion);
  if (isRefusal(found)) return found;
  const events = decide(found.store, change.participating);
  publishStoreEvents(tx, id, events);
  return tx.append(found.root, events);
}
