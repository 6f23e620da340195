import type { Message } from "@tidings/core";
import { uuidv7 } from "@tidings/core";
import type { Pool, PoolClient } from "pg";
import { awaitLease } from "./cursors.ts";
import type { StoredError } from "./parked-messages.ts";
import type { Store } from "./store.ts";

/** A message that waits for a person, and how many of its key wait behind it. */
export interface DeadLetter {
  readonly subscription: string;
  readonly source: string;
  readonly message: Message;
  readonly attempts: number;
  readonly error: StoredError | null;
  readonly parkedAt: Date;
  readonly failedAt: Date | null;
  readonly waitingBehind: number;
}

/** Names one dead letter: a message is dead for one subscription and may be well for another. */
export interface DeadLetterId {
  readonly subscription: string;
  readonly messageId: string;
}

/** One page of a service's dead letters, oldest first. @param page `after` is the message id of the last one seen */
export async function listDeadLetters(
  pool: Pool,
  store: Store,
  page: { readonly after?: string; readonly limit?: number } = {},
): Promise<DeadLetter[]> {
  const { rows } = await pool.query(
    `select p.*, (select count(*)::int from ${store.table("parked")} w
        where w.subscription = p.subscription and w.source = p.source and w.key = p.key and w.state = 'waiting') as waiting
     from ${store.table("parked")} p
     where state = 'dead' and ($1::uuid is null or message_id > $1) order by message_id limit $2`,
    [page.after ?? null, Math.min(page.limit ?? 50, 200)],
  );
  return rows.map((row) => ({
    subscription: row.subscription,
    source: row.source,
    message: row.message,
    attempts: row.attempts,
    error: row.error,
    parkedAt: row.parked_at,
    failedAt: row.failed_at,
    waitingBehind: row.waiting,
  }));
}

/** Has a dead letter handled again, with all its attempts anew. @returns false when there is no such dead letter */
export async function retryDeadLetter(
  pool: Pool,
  store: Store,
  id: DeadLetterId,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await pool.query(
    `update ${store.table("parked")} set state = 'retrying', attempts = 0, next_attempt_at = $3
     where subscription = $1 and message_id = $2 and state = 'dead'`,
    [id.subscription, id.messageId, now],
  );
  return rowCount === 1;
}

/**
 * Replaces a dead letter's data and has it handled again, in the same place of its key's queue. The edited message has
 * an id of its own and the original as its cause; the original is kept among the dropped ones.
 *
 * @param data must match the contract in the message's own version: else the message becomes a dead letter again
 * @returns the new message's id, or undefined when there is no such dead letter
 */
export async function editDeadLetter(
  pool: Pool,
  store: Store,
  id: DeadLetterId,
  data: unknown,
  now: Date,
): Promise<string | undefined> {
  return inTransaction(pool, async (client) => {
    const original = await keepOriginal(client, store, id, "edited", now);
    if (!original) return undefined;
    const edited = { ...original, id: uuidv7(now.getTime()), causationId: original.id, data };
    await client.query(
      `update ${store.table("parked")} set message = $3, message_id = $4, state = 'retrying', attempts = 0, next_attempt_at = $5
       where subscription = $1 and message_id = $2`,
      [id.subscription, id.messageId, JSON.stringify(edited), edited.id, now],
    );
    return edited.id;
  });
}

/**
 * Gives a dead letter up: it is kept among the dropped ones, and the messages of its key go on, in order.
 * @returns false when there is no such dead letter
 */
export async function dropDeadLetter(
  pool: Pool,
  store: Store,
  id: DeadLetterId,
  now: Date,
): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const original = await keepOriginal(client, store, id, "dropped", now);
    if (!original) return false;
    await client.query(
      `with removed as (
         delete from ${store.table("parked")} where subscription = $1 and message_id = $2 returning subscription, source, key, position
       ), next as (
         select p.subscription, p.source, p.partition, p.position from ${store.table("parked")} p join removed r
           on p.subscription = r.subscription and p.source = r.source and p.key = r.key and p.position > r.position
         order by p.position limit 1
       )
       update ${store.table("parked")} p set state = 'retrying', next_attempt_at = $3 from next
       where p.subscription = next.subscription and p.source = next.source
         and p.partition = next.partition and p.position = next.position`,
      [id.subscription, id.messageId, now],
    );
    return true;
  });
}

/** Takes the lease of the dead letter's partition, so that nobody parks behind it meanwhile, and archives it. */
async function keepOriginal(
  client: PoolClient,
  store: Store,
  id: DeadLetterId,
  reason: string,
  now: Date,
): Promise<Message | undefined> {
  const places = await client.query<{ source: string; partition: number }>(
    `select source, partition from ${store.table("parked")} where subscription = $1 and message_id = $2`,
    [id.subscription, id.messageId],
  );
  for (const { source, partition } of places.rows) {
    await client.query(
      awaitLease({ subscription: id.subscription, source: { service: source }, store }, partition),
    );
  }
  const { rows } = await client.query(
    `insert into ${store.table("dropped")} (subscription, source, partition, position, message_id, message, error, reason, dropped_at)
     select subscription, source, partition, position, message_id, message, error, $3, $4 from ${store.table("parked")}
     where subscription = $1 and message_id = $2 and state = 'dead' returning message`,
    [id.subscription, id.messageId, reason, now],
  );
  return rows[0]?.message;
}

async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}
