import { type CommandContract, type Handler, isRefusal, type Message, TidingsError } from "@tidings/core";
import { causeOf, noCause, parseData } from "@tidings/core/internal";
import { ServiceTransaction } from "./service-transaction.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** The handlers of one group, by message type. */
export type HandlersByType = ReadonlyMap<string, readonly Handler[]>;

export function handlersByType(handlers: readonly Handler[]): HandlersByType {
  return Map.groupBy(handlers, (handler) => handler.contract.type);
}

/** How long handlers may take. */
export interface HandlingLimits {
  /** One handler, or all that are interleaved; after that their transaction is closed under them. */
  readonly timeoutMs: number;
  /** One handler that has a single message, while others wait behind it in the batch. */
  readonly amongOthersMs: number;
  /** All of them: no further message is begun after that, so that a batch of slow handlers ends early. */
  readonly sliceMs: number;
}

/**
 * Hands messages to their handlers, one after the other in the order given; neighbours of one type go to a batch
 * handler together. Each is validated first.
 *
 * @returns how many were handled: all, unless the time slice was used up; and how long the handlers waited for
 * something else than the database
 * @throws what a handler throws, `message-invalid`, or `handler-timeout`; the caller rolls back
 */
export async function handleMessages(
  unit: UnitOfWork,
  handlers: HandlersByType,
  messages: readonly Message[],
  limits: HandlingLimits,
): Promise<{ handled: number; waitedMs: number }> {
  const started = performance.now();
  const end = started + limits.sliceMs;
  const busyBefore = unit.busyMs;
  let next = 0;
  while (next < messages.length && (next === 0 || performance.now() < end)) {
    const { type } = messages[next] as Message;
    const mine = handlers.get(type) ?? [];
    let after = next + 1;
    if (mine.some(takesMany)) while (messages[after]?.type === type) after++;
    await handleRun(unit, mine, messages.slice(next, after), limits);
    next = after;
  }
  return { handled: next, waitedMs: performance.now() - started - (unit.busyMs - busyBefore) };
}

async function handleRun(
  unit: UnitOfWork,
  handlers: readonly Handler[],
  run: readonly Message[],
  { timeoutMs, amongOthersMs }: HandlingLimits,
) {
  const [contract] = handlers.map((handler) => handler.contract);
  if (!contract) throw new TidingsError("no-handler", `Nothing handles ${run[0]?.type} any more.`);
  const valid: Message[] = [];
  for (const message of run) {
    const parsed = parseData(contract, message.data, message.version);
    valid.push({
      ...message,
      data: parsed instanceof Promise ? await parsed : parsed,
      version: contract.version,
    });
  }
  for (const handler of handlers) {
    if (handler.mode === "batch") {
      const only = valid.length === 1 ? causeOf(valid[0] as Message) : noCause;
      const tx = new ServiceTransaction(unit, only);
      await inTime(unit, timeoutMs, () => handler.handle(valid, tx));
    } else if (handler.mode === "each" && handler.interleaved) {
      await inTime(unit, timeoutMs, () => handleInterleaved(unit, handler, valid));
    } else {
      for (const message of valid) await handleOne(unit, handler, message, amongOthersMs);
    }
  }
}

function takesMany(handler: Handler): boolean {
  return handler.mode === "batch" || (handler.mode === "each" && handler.interleaved);
}

/** Handles the keys side by side and the messages of each in order. @throws the first error, when all have ended */
async function handleInterleaved(
  unit: UnitOfWork,
  handler: Extract<Handler, { mode: "each" }>,
  messages: readonly Message[],
): Promise<void> {
  const byKey = Map.groupBy(messages, ({ key }) => key);
  const inOrder = async (ofOneKey: readonly Message[]) => {
    for (const message of ofOneKey)
      await handler.handle(message, new ServiceTransaction(unit, causeOf(message)));
  };
  const ended = await Promise.allSettled([...byKey.values()].map(inOrder));
  for (const outcome of ended) if (outcome.status === "rejected") throw outcome.reason;
}

async function handleOne(
  unit: UnitOfWork,
  handler: Exclude<Handler, { mode: "batch" }>,
  message: Message,
  timeoutMs: number,
): Promise<void> {
  const tx = new ServiceTransaction(unit, causeOf(message));
  if (handler.mode === "each") {
    await inTime(unit, timeoutMs, () => handler.handle(message, tx));
    return;
  }
  unit.savepoint();
  const outcome = await inTime(unit, timeoutMs, () => handler.handle(message, tx));
  if (isRefusal(outcome)) await unit.rollbackToSavepoint();
  unit.releaseSavepoint();
  tx.reply(message, handler.contract as CommandContract, toReply(outcome));
}

function toReply(outcome: unknown) {
  if (isRefusal(outcome)) return { outcome: "refused", rule: outcome.rule, detail: outcome.detail };
  return { outcome: "done", result: outcome };
}

/** Waits for a handler at most so long; then its transaction is closed under it. */
async function inTime<T>(unit: UnitOfWork, timeoutMs: number, handle: () => T | Promise<T>): Promise<T> {
  const result = handle();
  if (!isThenable(result)) return result;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const error = new TidingsError("handler-timeout", `A handler did not finish in ${timeoutMs} ms.`);
      unit.abandon(error);
      reject(error);
    }, timeoutMs);
  });
  try {
    return await Promise.race([result, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Query builders are thenable without being promises: they run when they are awaited. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
