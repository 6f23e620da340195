import { type Transaction, uuidv7 } from "tidings";
import { publishStoreEvents } from "../integration-events.ts";
import { openStore as decide, StoreAggregate } from "../store.ts";

/** Opens a store under a new id. */
export async function openStore(
  tx: Transaction,
  details: { readonly name: string; readonly location: string },
) {
  const root = await tx.load(StoreAggregate, uuidv7(tx.now().getTime()));
  const events = decide(details);
  publishStoreEvents(tx, root.id, events);
  return tx.append(root, events);
}
