import { type Message, uuidv7 } from "@tidings/core";
import { storeOf } from "@tidings/postgres";
import { recordMessages } from "@tidings/postgres/internal";
import type { ClientBase } from "pg";

const store = storeOf("ledger", 32);

/** A change of the ledger as a message. @param data may be given to break its contract */
export function changeMessage(key: string, version: number, data: unknown = { key, version }): Message {
  const id = uuidv7();
  const time = new Date().toISOString();
  const envelope = { kind: "event", type: "ledger.Changed", version: 1, source: "ledger" } as const;
  return { ...envelope, id, key, time, data, correlationId: id, causationId: null, headers: {} };
}

/** Records messages in a transaction that belongs to the user: at once, so its partition is locked until the end. */
export async function recordIn(
  client: Pick<ClientBase, "query">,
  ...messages: readonly Message[]
): Promise<void> {
  await client.query(recordMessages(store, messages));
}
