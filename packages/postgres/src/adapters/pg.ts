import type { Execute } from "./outbox.ts";
import { createRecorder, notInTransaction } from "./recorder.ts";

/** A `pg` client inside a transaction: a `Client`, or one that a `Pool` lent; never the `Pool` itself. */
export interface PgTransaction {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly object[] }>;
  getTransactionStatus?(): string | null;
  readonly totalCount?: never;
}

const recorder = createRecorder<PgTransaction>(executorOf);

/** Records an event between `begin` and `commit`: `await publishIn(client, outbox, OrderPlaced, { orderId })`. */
export const publishIn = recorder.publishIn;
/** Records a command between `begin` and `commit`: `await sendIn(client, outbox, PayOrder, { orderId })`. */
export const sendIn = recorder.sendIn;
/** Records several messages by one statement: `await recordIn(client, outbox, [[OrderPlaced, order], …])`. */
export const recordIn = recorder.recordIn;

function executorOf(client: PgTransaction): Execute {
  if ("totalCount" in client) throw notInTransaction("pass the client that began it, not the pool");
  return async (text, values) => {
    await assertBegun(client);
    return (await client.query(text, [...values])).rows;
  };
}

/** Asks the server, where `pg` does not see a transaction: a `begin` that was not awaited may be on its way. */
async function assertBegun(client: PgTransaction): Promise<void> {
  if (client.getTransactionStatus?.() !== "I") return;
  try {
    await client.query("savepoint tidings_begun", []);
  } catch (error) {
    throw notInTransaction('query "begin" on this client first', { cause: error });
  }
  await client.query("release savepoint tidings_begun", []);
}
