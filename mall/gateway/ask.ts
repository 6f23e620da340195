import { setTimeout as delay } from "node:timers/promises";
import { type Call, exchange, Unanswered, type UpstreamAnswer } from "./exchange.ts";
import { unavailable } from "./unavailable.ts";
import type { Upstream } from "./upstream.ts";
import type { UpstreamGroup } from "./upstream-group.ts";

export interface AskOptions {
  /** So long attempts are begun. */
  readonly budgetMs: number;
}

const pauseMs = 100;

/**
 * Asks the processes of a service until one answers. A request that reads, and one with an `Idempotency-Key`, which has
 * one effect however often it arrives, is repeated when an upstream breaks off; any other one only when it certainly has
 * not arrived.
 *
 * @throws Problem `temporarily-unavailable` when nobody answers in time, or the request may not be repeated
 */
export async function ask(
  group: UpstreamGroup,
  call: Call,
  { budgetMs }: AskOptions,
): Promise<UpstreamAnswer> {
  const deadline = performance.now() + budgetMs;
  const tried = new Set<Upstream>();
  let mayHaveArrived = false;
  for (;;) {
    const upstream = group.next(tried);
    const outcome = await attempt(group, upstream, call);
    const isAnswer = !(outcome instanceof Unanswered);
    if (isAnswer && !(mayHaveArrived && isStillRunning(outcome))) return outcome;
    if (call.signal?.aborted) throw unavailable();
    if (!isAnswer) {
      if (!outcome.mayHaveArrived) upstream.refused();
      mayHaveArrived ||= outcome.mayHaveArrived;
      if (mayHaveArrived && !isRepeatable(call)) throw unavailable(outcome);
    }
    if (performance.now() + pauseMs >= deadline) throw unavailable(outcome);
    if (tried.has(upstream) || isAnswer) await delay(pauseMs);
    tried.add(upstream);
  }
}

/** One attempt. It is given up when its upstream is lost, if the request can be asked elsewhere. */
async function attempt(
  group: UpstreamGroup,
  upstream: Upstream,
  call: Call,
): Promise<UpstreamAnswer | Unanswered> {
  const given = new AbortController();
  const giveUp = () => given.abort();
  const forget = upstream.onLost(() => {
    if (isRepeatable(call) && group.hasOtherReady(upstream)) giveUp();
  });
  call.signal?.addEventListener("abort", giveUp, { once: true });
  if (call.signal?.aborted) giveUp();
  try {
    return await exchange(upstream, { ...call, signal: given.signal });
  } catch (error) {
    if (error instanceof Unanswered) return error;
    throw error;
  } finally {
    forget();
    call.signal?.removeEventListener("abort", giveUp);
  }
}

function isRepeatable({ method, headers }: Call): boolean {
  return method === "GET" || method === "HEAD" || headers["idempotency-key"] !== undefined;
}

/** Whether this says that the attempt before, of which nothing was heard, has not ended. */
function isStillRunning({ status, headers }: UpstreamAnswer): boolean {
  return status === 409 && headers["retry-after"] !== undefined;
}
