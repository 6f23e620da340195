import type { Message } from "@tidings/core";
import { dispositionOf } from "@tidings/core/internal";
import { isStreamConflict, isTransient } from "./errors.ts";
import { handleMessages } from "./handle-messages.ts";
import { lockCursor, nextAttempt, noteFailure, type ParkedMessage, removeHead, selectDueHead, selectNextRetry, selectParked } from "./parked-messages.ts";
import type { SubscriptionEnvironment } from "./subscription-settings.ts";
import { useUnit } from "./unit-of-work.ts";

/**
 * Retries the longest overdue head of a subscription's parked keys, in one transaction that holds the partition's
 * lease: handle → remove it, make the next message of its key the head → commit. A failure rolls back and is noted in
 * a transaction of its own. If the process dies at any step, the head is as it was and is retried again.
 *
 * @returns whether there was one
 * @throws transient errors only: nothing has happened, try again later
 */
export async function retryDueHead(env: SubscriptionEnvironment): Promise<boolean> {
  const due = selectDueHead(env.key, env.clock.now());
  const { rows } = await env.pool.query<{ partition: number; position: string }>(due);
  const [head] = rows;
  if (!head) return false;
  const position = Number(head.position);
  const failed = await attemptHead(env, head.partition, position);
  if (!failed) return true;
  if (isTransient(failed.error) || isStreamConflict(failed.error)) throw failed.error;
  await note(env, failed.head, failed.error);
  return true;
}

/** When the next head of this subscription is due, or null. */
export async function nextRetryAt(env: SubscriptionEnvironment): Promise<Date | null> {
  const { rows } = await env.pool.query<{ due: Date | null }>(selectNextRetry(env.key));
  return rows[0]?.due ?? null;
}

interface FailedHead {
  readonly head: ParkedMessage;
  readonly error: unknown;
}

async function attemptHead(env: SubscriptionEnvironment, partition: number, position: number): Promise<FailedHead | undefined> {
  return useUnit(env.pool, env.context, async (unit) => {
    unit.query(lockCursor(env.key, partition));
    const { rows } = await unit.query<ParkedRow>(selectParked(env.key, partition, position));
    const [row] = rows;
    if (row?.state !== "retrying") return undefined;
    const head: ParkedMessage = { partition, position, message: row.message, attempts: row.attempts };
    try {
      await handleMessages(unit, env.handlers, [head.message], { timeoutMs: env.settings.handlerTimeoutMs, sliceMs: 0 });
      const recorded = await unit.commit([removeHead(env.key, head, env.clock.now())]);
      if (recorded.size > 0) env.recorded(recorded);
      return undefined;
    } catch (error) {
      return { head, error };
    }
  });
}

interface ParkedRow {
  state: string;
  message: Message;
  attempts: number;
}

async function note(env: SubscriptionEnvironment, head: ParkedMessage, error: unknown): Promise<void> {
  const now = env.clock.now();
  const attempts = head.attempts + 1;
  const next =
    dispositionOf(error) === "park" ? ({ state: "dead", at: null } as const) : nextAttempt(env.settings.retry, attempts, now);
  await env.pool.query(noteFailure(env.key, head, error, next, now));
  const { id, type } = head.message;
  const fields = { subscription: env.key.subscription, type, id, attempts, err: error };
  env.log.warn(fields, next.state === "dead" ? "message became a dead letter" : "message failed again and will be retried");
}
