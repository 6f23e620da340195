import type { Message } from "@tidings/core";
import type { QueryConfig } from "pg";
import type { LoggedMessage } from "./claim-batch.ts";
import type { SubscriptionKey } from "./cursors.ts";

/**
 * A message that could not be handled, and the queue of its key behind it.
 *
 * States of a key's first message, its head: retrying → (success) gone, the next one becomes the head, due at once;
 * → (attempts used up, or parked by its error) dead → (a person retries) retrying, or (drops) gone as after success.
 * The others are waiting. All moves from one head to the next happen under the partition's lease, which the batch that would handle later
 * messages of the key needs as well: so they can neither overtake nor be forgotten.
 */
export interface ParkedMessage {
  readonly partition: number;
  readonly position: string;
  readonly message: Message;
  readonly attempts: number;
}

/** What is kept of the error of a failed attempt. The stack stays in the database; it never reaches a client. */
export interface StoredError {
  readonly name: string;
  readonly code?: string;
  readonly message: string;
  readonly stack?: string;
}

/** What happens to a head after a failed attempt. */
export interface NextAttempt {
  readonly state: "retrying" | "dead";
  readonly at: Date | null;
}

/** How long to go on with a failing message. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/** The delay doubles from attempt to attempt up to the longest, with half of it random so that keys do not march in step. */
export function nextAttempt(
  policy: RetryPolicy,
  attempts: number,
  now: Date,
  random = Math.random(),
): NextAttempt {
  if (attempts >= policy.attempts) return { state: "dead", at: null };
  const delay = Math.min(policy.maxDelayMs, policy.minDelayMs * 2 ** (attempts - 1));
  return { state: "retrying", at: new Date(now.getTime() + delay * (0.5 + random / 2)) };
}

/** What is kept of an error. */
export function storedError(error: unknown): StoredError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error).slice(0, 2_000) };
  const code = (error as { code?: unknown }).code;
  return {
    name: error.name,
    message: error.message.slice(0, 2_000),
    ...(typeof code === "string" && { code }),
    ...(error.stack && { stack: error.stack.slice(0, 8_000) }),
  };
}

/** Parks messages behind the heads of their keys. */
export function parkWaiting(
  key: SubscriptionKey,
  messages: readonly LoggedMessage[],
  now: Date,
): QueryConfig {
  const column = <T>(value: (logged: LoggedMessage) => T): T[] => messages.map(value);
  return {
    text: `insert into ${key.store.table("parked")}
      (subscription, source, partition, position, key, message_id, message, state, parked_at)
      select $1, $2, m.*, 'waiting', $8 from unnest($3::smallint[], $4::bigint[], $5::text[], $6::uuid[], $7::json[]) m`,
    values: [
      key.subscription,
      key.source.service,
      column(({ partition }) => partition),
      column(({ position }) => position),
      column(({ message }) => message.key),
      column(({ message }) => message.id),
      column(({ message }) => JSON.stringify(message)),
      now,
    ],
  };
}

/** Parks a message whose first attempt failed, as the head of its key. */
export function parkHead(
  key: SubscriptionKey,
  failed: LoggedMessage,
  error: unknown,
  next: NextAttempt,
  now: Date,
): QueryConfig {
  const { message, partition, position } = failed;
  return {
    text: `insert into ${key.store.table("parked")}
      (subscription, source, partition, position, key, message_id, message, state, attempts, next_attempt_at, error, parked_at, failed_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $11)`,
    values: [
      key.subscription,
      key.source.service,
      partition,
      position,
      message.key,
      message.id,
      JSON.stringify(message),
      next.state,
      next.at,
      JSON.stringify(storedError(error)),
      now,
    ],
  };
}

/** The next heads that are due, longest overdue first. */
export function selectDueHead(key: SubscriptionKey, now: Date): QueryConfig {
  return {
    text: `select partition, position from ${key.store.table("parked")}
      where subscription = $1 and source = $2 and state = 'retrying' and next_attempt_at <= $3
      order by next_attempt_at, position limit 1`,
    values: [key.subscription, key.source.service, now],
  };
}

export function selectNextRetry(key: SubscriptionKey): QueryConfig {
  return {
    text: `select min(next_attempt_at) as due from ${key.store.table("parked")} where subscription = $1 and source = $2 and state = 'retrying'`,
    values: [key.subscription, key.source.service],
  };
}

/** A parked message and those that wait behind it, in order. */
export function selectParked(
  key: SubscriptionKey,
  { partition, position }: Pick<ParkedMessage, "partition" | "position">,
  now: Date,
  limit: number,
): QueryConfig {
  const parked = key.store.table("parked");
  return {
    text: `select position, message, attempts, coalesce(state = 'retrying' and next_attempt_at <= $5, false) as due from ${parked}
      where subscription = $1 and source = $2 and position >= $4
        and key = (select key from ${parked} where subscription = $1 and source = $2 and partition = $3 and position = $4)
      order by position limit $6`,
    values: [key.subscription, key.source.service, partition, position, now, limit],
  };
}

/** Takes a head out, with those behind it up to a position, and makes the next message of its key the head, due at once. */
export function removeHandled(
  key: SubscriptionKey,
  head: ParkedMessage,
  upTo: string,
  now: Date,
): QueryConfig {
  const parked = key.store.table("parked");
  return {
    text: `
with removed as (
  delete from ${parked} where subscription = $1 and source = $2 and key = $5 and position between $3 and $4
), next as (
  select partition, position from ${parked}
  where subscription = $1 and source = $2 and key = $5 and position > $4 order by position limit 1
)
update ${parked} p set state = 'retrying', next_attempt_at = $6 from next
where p.subscription = $1 and p.source = $2 and p.partition = next.partition and p.position = next.position`,
    values: [key.subscription, key.source.service, head.position, upTo, head.message.key, now],
  };
}

/** Notes a failed attempt of a head. */
export function noteFailure(
  key: SubscriptionKey,
  head: ParkedMessage,
  error: unknown,
  next: NextAttempt,
  now: Date,
): QueryConfig {
  return {
    text: `update ${key.store.table("parked")} set attempts = attempts + 1, state = $5, next_attempt_at = $6, error = $7, failed_at = $8
      where subscription = $1 and source = $2 and partition = $3 and position = $4 and state = 'retrying'`,
    values: [
      key.subscription,
      key.source.service,
      head.partition,
      head.position,
      next.state,
      next.at,
      JSON.stringify(storedError(error)),
      now,
    ],
  };
}
