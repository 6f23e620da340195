import { CompiledQuery } from "kysely";
import type { Execute } from "./outbox.ts";
import { createRecorder, notInTransaction } from "./recorder.ts";

/** A Kysely `Transaction` on PostgreSQL; never the `Kysely` instance itself. */
export interface KyselyTransaction {
  readonly isTransaction: true;
  executeQuery<Row>(query: CompiledQuery<Row>): Promise<{ readonly rows: Row[] }>;
}

const recorder = createRecorder<KyselyTransaction>(executorOf);

/** Records an event in a Kysely transaction: `await publishIn(trx, outbox, OrderPlaced, { orderId })`. */
export const publishIn = recorder.publishIn;
/** Records a command in a Kysely transaction: `await sendIn(trx, outbox, PayOrder, { orderId })`. */
export const sendIn = recorder.sendIn;
/** Records several messages by one statement: `await recordIn(trx, outbox, [[OrderPlaced, order], …])`. */
export const recordIn = recorder.recordIn;

function executorOf(trx: KyselyTransaction): Execute {
  if (!trx.isTransaction)
    throw notInTransaction("pass the `trx` that Kysely hands to its function, not `db`");
  return async (text, values) => {
    const { rows } = await trx.executeQuery(CompiledQuery.raw(text, [...values]));
    return rows as object[];
  };
}
