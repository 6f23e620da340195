import type { Message } from "@tidings/core";
import { dispositionOf } from "@tidings/core/internal";
import { awaitLease } from "./cursors.ts";
import { isLockTimeout, isStreamConflict } from "./errors.ts";
import { limitsOf } from "./handle-batch.ts";
import { handleMessages } from "./handle-messages.ts";
import {
  nextAttempt,
  noteFailure,
  type ParkedMessage,
  removeHandled,
  selectDueHead,
  selectNextRetry,
  selectParked,
} from "./parked-messages.ts";
import { archiveHandled } from "./rebuild/archive.ts";
import type { SubscriptionEnvironment } from "./subscription-settings.ts";
import { useUnit } from "./unit-of-work.ts";

/**
 * Retries the longest overdue head of a subscription's parked keys, in one transaction that holds the partition's
 * lease: handle → remove it, make the next message of its key the head → commit. A failure rolls back and is noted in
 * a transaction of its own. If the process dies at any step, the head is as it was and is retried again.
 *
 * A head that has not failed yet takes those that wait behind it along, as many as a batch holds: so a key that gets
 * many messages catches up. When such a group fails, a half of it is tried, and so on down to the head alone.
 *
 * @returns whether there was one
 * @throws transient errors only: nothing has happened, try again later
 */
export async function retryDueHead(env: SubscriptionEnvironment): Promise<boolean> {
  const due = selectDueHead(env.key, env.clock.now());
  const { rows } = await env.pool.query<HeadPlace>(due);
  const [place] = rows;
  if (!place) return false;
  let failed = await attemptHead(env, place, env.settings.batchSize);
  while (failed && failed.size > 1) failed = await attemptHead(env, place, failed.size >> 1);
  if (!failed) return true;
  await env.probe("retry-rolled-back");
  await note(env, failed.head, failed.error);
  return true;
}

interface HeadPlace {
  readonly partition: number;
  readonly position: string;
}

/** When the next head of this subscription is due, or null. */
export async function nextRetryAt(env: SubscriptionEnvironment): Promise<Date | null> {
  const { rows } = await env.pool.query<{ due: Date | null }>(selectNextRetry(env.key));
  return rows[0]?.due ?? null;
}

interface FailedHead {
  readonly head: ParkedMessage;
  /** How many were tried together. */
  readonly size: number;
  readonly error: unknown;
}

async function attemptHead(
  env: SubscriptionEnvironment,
  place: HeadPlace,
  limit: number,
): Promise<FailedHead | undefined> {
  return useUnit(env.pool, env.context, async (unit) => {
    void unit.query(awaitLease(env.key, place.partition));
    const { rows } = await unit.query<ParkedRow>(selectParked(env.key, place, env.clock.now(), limit));
    const [first] = rows;
    if (!first?.due) return undefined;
    const head: ParkedMessage = { ...place, message: first.message, attempts: first.attempts };
    const group = first.attempts > 0 ? [first] : rows;
    await env.probe("retry-claimed");
    let isHandled = false;
    try {
      const limits = limitsOf(env.settings, group.length > 1);
      const messages = group.map(({ message }) => message);
      const { handled } = await handleMessages(unit, env.handlers, messages, limits);
      await env.probe("retry-handled");
      isHandled = true;
      const last = group[handled - 1] as ParkedRow;
      const { partition } = place;
      const archived = archiveHandled(
        env,
        group.slice(0, handled).map(({ position, message }) => ({ partition, position, message })),
      );
      const removed = removeHandled(env.key, head, last.position, env.clock.now());
      await unit.commit([...archived, removed]);
      await env.probe("retry-committed");
      return undefined;
    } catch (error) {
      const interruption = unit.interruptionBehind(error);
      if (interruption) throw interruption.error;
      if (isStreamConflict(error) || (isHandled && isLockTimeout(error))) throw error;
      return { head, size: group.length, error };
    }
  });
}

interface ParkedRow {
  readonly position: string;
  readonly message: Message;
  readonly attempts: number;
  /** Whether it is a head whose time has come; somebody else may have retried it in the meantime. */
  readonly due: boolean;
}

async function note(env: SubscriptionEnvironment, head: ParkedMessage, error: unknown): Promise<void> {
  const now = env.clock.now();
  const attempts = head.attempts + 1;
  const next =
    dispositionOf(error) === "park"
      ? ({ state: "dead", at: null } as const)
      : nextAttempt(env.settings.retry, attempts, now);
  await env.pool.query(noteFailure(env.key, head, error, next, now));
  const { id, type } = head.message;
  const fields = { subscription: env.key.subscription, type, id, attempts, err: error };
  env.log.warn(
    fields,
    next.state === "dead" ? "message became a dead letter" : "message failed again and will be retried",
  );
}
