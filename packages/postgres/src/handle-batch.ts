import type { Message } from "@tidings/core";
import { addresseeOf, dispositionOf } from "@tidings/core/internal";
import type { QueryConfig } from "pg";
import { type Batch, claimBatch, cutBatch, type LoggedMessage, movesOf } from "./claim-batch.ts";
import { awaitLease, moveCursors, takeTurn } from "./cursors.ts";
import { isLockTimeout, isStreamConflict } from "./errors.ts";
import { type HandlingLimits, handleMessages } from "./handle-messages.ts";
import { nextAttempt, parkHead, parkWaiting } from "./parked-messages.ts";
import { archiveHandled } from "./rebuild/archive.ts";
import {
  overdueMs,
  type SubscriptionEnvironment,
  type SubscriptionSettings,
} from "./subscription-settings.ts";
import { useUnit } from "./unit-of-work.ts";

/** What became of a batch. */
export interface BatchResult {
  readonly batch: Batch;
  /** It failed, nothing of it was kept, and it has several messages: repeat it one by one. */
  readonly isolate: boolean;
  /** When the message that failed is due again, if it was parked and will be retried. */
  readonly retryAt: Date | null;
  /** How long its handlers waited for something else than the database, and how many messages they were given. */
  readonly waitedMs: number;
  readonly handled: number;
}

/** What a batch is to read. */
export interface BatchRequest {
  readonly partitions: readonly number[];
  /** At most so many messages of each partition. */
  readonly limit: number;
  /** Wait until no other batch of this subscription that takes turns is running: after a deadlock. */
  readonly inTurn: boolean;
}

/**
 * Handles the next messages of some partitions in one transaction:
 *
 *   claim (lease partitions, read messages) → handle → park those whose key is parked, move cursors, record → commit
 *
 * If the process dies before the commit, the server rolls everything back and frees the lease: the batch is handled
 * again, from the same cursor. If it dies after the commit, the cursors have moved with the effects. When a handler
 * throws, all is rolled back; a batch of one message is then parked, in a transaction that also moves the cursor, and
 * a larger one is the caller's to repeat message by message.
 *
 * @throws transient errors and conflicts only: nothing has happened, try again later
 */
export async function handleBatch(env: SubscriptionEnvironment, request: BatchRequest): Promise<BatchResult> {
  const { batch, failure, waitedMs = 0, handled = 0 } = await attemptBatch(env, request);
  if (!failure) return { batch, isolate: false, retryAt: null, waitedMs, handled };
  const [only] = batch.messages;
  if (batch.size > 1 || !only) return { batch, isolate: true, retryAt: null, waitedMs, handled };
  await env.probe("rolled-back");
  return { batch, isolate: false, retryAt: await park(env, only, failure.error), waitedMs, handled };
}

interface Attempt {
  readonly batch: Batch;
  readonly failure?: { readonly error: unknown };
  readonly waitedMs?: number;
  readonly handled?: number;
}

async function attemptBatch(env: SubscriptionEnvironment, request: BatchRequest): Promise<Attempt> {
  const { key, context, handlers, settings } = env;
  return useUnit(env.pool, context, async (unit) => {
    if (request.inTurn) void unit.query(takeTurn(key));
    const claimed = await claimBatch(unit, key, [...handlers.keys()], request.partitions, request.limit);
    await env.probe("claimed");
    if (claimed.size === 0) return { batch: claimed };
    const ready = claimed.messages.filter(
      (logged) => !logged.blocked && isFor(logged.message, key.store.service),
    );
    let batch = claimed;
    let work = { handled: 0, waitedMs: 0 };
    let isHandled = false;
    try {
      const messages = ready.map(({ message }) => message);
      const limits = limitsOf(settings, claimed.size > 1);
      work = await handleMessages(unit, handlers, messages, limits);
      batch = cutBatch(claimed, firstOfEach(ready.slice(work.handled)));
      await env.probe("handled");
      isHandled = true;
      const archived = archiveHandled(env, ready.slice(0, work.handled));
      await unit.commit([...parkBlocked(env, batch), ...archived, moveCursors(key, movesOf(batch))]);
    } catch (error) {
      const interruption = unit.interruptionBehind(error);
      if (interruption) throw interruption.error;
      const isHeldUp = isHandled && isLockTimeout(error);
      if (isStreamConflict(error) || (isHeldUp && claimed.size === 1)) throw error;
      return { batch: claimed, failure: { error } };
    }
    await env.probe("committed");
    env.progressed(new Map([...batch.partitions].map(([partition, { to }]) => [partition, to])));
    return { batch, ...work };
  });
}

/**
 * A handler that takes long while other messages wait in its batch is given up early: alone, it may take all its time,
 * and keeps nobody else waiting.
 */
export function limitsOf(settings: SubscriptionSettings, hasOthers: boolean): HandlingLimits {
  const { handlerTimeoutMs, sliceMs } = settings;
  const amongOthersMs = hasOthers ? Math.min(handlerTimeoutMs, overdueMs) : handlerTimeoutMs;
  return { timeoutMs: handlerTimeoutMs, amongOthersMs, sliceMs };
}

function firstOfEach(logged: readonly LoggedMessage[]): Map<number, number> {
  const first = new Map<number, number>();
  for (const { partition, position } of logged) if (!first.has(partition)) first.set(partition, position);
  return first;
}

function parkBlocked({ key, clock }: SubscriptionEnvironment, batch: Batch): QueryConfig[] {
  const blocked = batch.messages.filter(
    ({ blocked, message }) => blocked && isFor(message, key.store.service),
  );
  return blocked.length > 0 ? [parkWaiting(key, blocked, clock.now())] : [];
}

/**
 * Parks a message that failed on its own and moves the cursor past it. It first waits for the lease: whoever had it in
 * the meantime may have handled or parked the message, and then there is nothing to do.
 *
 * @returns when it is due again; null when a person has to decide
 */
async function park(
  env: SubscriptionEnvironment,
  failed: LoggedMessage,
  error: unknown,
): Promise<Date | null> {
  const { key, handlers } = env;
  const now = env.clock.now();
  const next =
    dispositionOf(error) === "park"
      ? ({ state: "dead", at: null } as const)
      : nextAttempt(env.settings.retry, 1, now);
  const isParked = await useUnit(env.pool, env.context, async (unit) => {
    void unit.query(awaitLease(key, failed.partition));
    const batch = await claimBatch(unit, key, [...handlers.keys()], [failed.partition], 1);
    if (batch.messages[0]?.position !== failed.position) return false;
    await unit.commit([parkHead(key, failed, error, next, now), moveCursors(key, movesOf(batch))]);
    env.progressed(new Map([[failed.partition, failed.position]]));
    return true;
  });
  if (!isParked) return null;
  await env.probe("parked");
  const { id, type } = failed.message;
  const outcome =
    next.state === "dead" ? "message became a dead letter" : "message failed and will be retried";
  env.log.warn({ subscription: key.subscription, type, id, err: error }, outcome);
  return next.at;
}

function isFor(message: Message, service: string): boolean {
  const addressee = addresseeOf(message);
  return addressee === undefined || addressee === service;
}
