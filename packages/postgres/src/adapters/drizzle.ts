import { type SQL, sql } from "drizzle-orm";
import type { Execute } from "./outbox.ts";
import { createRecorder, notInTransaction } from "./recorder.ts";

/** The `tx` of a Drizzle transaction on PostgreSQL, whatever its driver; never the database itself. */
export interface DrizzleTransaction {
  execute(query: SQL): PromiseLike<unknown>;
  rollback(): never;
}

const recorder = createRecorder<DrizzleTransaction>(executorOf);

/** Records an event in a Drizzle transaction: `await publishIn(tx, outbox, OrderPlaced, { orderId })`. */
export const publishIn = recorder.publishIn;
/** Records a command in a Drizzle transaction: `await sendIn(tx, outbox, PayOrder, { orderId })`. */
export const sendIn = recorder.sendIn;
/** Records several messages by one statement: `await recordIn(tx, outbox, [[OrderPlaced, order], …])`. */
export const recordIn = recorder.recordIn;

function executorOf(tx: DrizzleTransaction): Execute {
  if (typeof tx.rollback !== "function")
    throw notInTransaction("pass the `tx` that Drizzle hands to its function, not `db`");
  return async (text, values) => {
    const result = await tx.execute(withValues(text, values));
    return Array.isArray(result) ? result : (result as { rows: object[] }).rows;
  };
}

/** Drizzle numbers the parameters itself, in the order in which they appear. */
function withValues(text: string, values: readonly unknown[]): SQL {
  const chunks = text
    .split(/\$(\d+)/)
    .map((part, index) => (index % 2 === 0 ? sql.raw(part) : sql.param(values[Number(part) - 1])));
  return sql.join(chunks as SQL[]);
}
