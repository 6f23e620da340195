import type { Execute } from "./outbox.ts";
import { createRecorder, notInTransaction } from "./recorder.ts";

/** The `tx` of an interactive Prisma transaction on PostgreSQL, extended or not; never the `PrismaClient` itself. */
export interface PrismaTransaction {
  $queryRawUnsafe<Result = unknown>(query: string, ...values: unknown[]): PromiseLike<Result>;
  readonly $connect?: never;
}

const recorder = createRecorder<PrismaTransaction>(executorOf);

/** Records an event in a Prisma transaction: `await publishIn(tx, outbox, OrderPlaced, { orderId })`. */
export const publishIn = recorder.publishIn;
/** Records a command in a Prisma transaction: `await sendIn(tx, outbox, PayOrder, { orderId })`. */
export const sendIn = recorder.sendIn;
/** Records several messages by one statement: `await recordIn(tx, outbox, [[OrderPlaced, order], …])`. */
export const recordIn = recorder.recordIn;

/** "Unsafe" is Prisma's word for statements that are not template literals: the values are parameters all the same. */
function executorOf(tx: PrismaTransaction): Execute {
  if (tx.$connect)
    throw notInTransaction("pass the `tx` that `$transaction` hands to its function, not the client");
  return (text, values) => Promise.resolve(tx.$queryRawUnsafe<object[]>(text, ...values));
}
