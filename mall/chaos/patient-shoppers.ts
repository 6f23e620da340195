import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Api, type ApiAnswer, httpClient } from "@mall/common/http-client";
import { type Patience, Unexpected } from "../shopper-client.ts";
import type { Inspect } from "../shopper-spec.ts";

/** What shoppers have met with at the gateway, request by request. */
export class Encounters {
  requests = 0;
  /** Answered with 503 and `Retry-After`. */
  unavailable = 0;
  /** Answered with 429 and `Retry-After`. */
  limited = 0;
  /** Not answered, since the gateway was not there. */
  lost = 0;
  /** The longest that an answer took, of requests that did not ask to be kept waiting. */
  slowestMs = 0;
  /** The longest until a request was answered at last, with all its repeats. */
  longestMs = 0;
}

export interface PatienceOptions {
  readonly url: string;
  readonly inspect: Inspect;
  readonly signal: AbortSignal;
  readonly encounters: Encounters;
  /** Whether the gateway itself was hit, so that connections to it may be refused or break. */
  readonly mayBeLost: () => boolean;
  /** How requests are sent: over HTTP. */
  readonly api?: Api;
  readonly limits?: PatienceLimits;
}

interface PatienceLimits {
  /** The longest for one answer. */
  readonly answerMs: number;
  /** The longest for one request with all its repeats. */
  readonly requestMs: number;
  /** Between two attempts, when the gateway is not there. */
  readonly lostMs: number;
}

const usualLimits: PatienceLimits = { answerMs: 30_000, requestMs: 120_000, lostMs: 200 };

/**
 * Shoppers who wait while the Mall is broken: what is answered with 503 or 429 and `Retry-After`, or not at all since the
 * gateway is gone, is asked again under the same `Idempotency-Key`. Every other answer that the OpenAPI document does
 * not know, and every one of these without `Retry-After`, is Unexpected.
 */
export function patientShoppers(options: PatienceOptions): Patience {
  const { url, encounters } = options;
  const api = options.api ?? httpClient(url);
  const call: Api = async <Body>(
    route: Parameters<Api>[0],
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const keyed = route.startsWith("GET") ? headers : { "idempotency-key": randomUUID(), ...headers };
    const began = performance.now();
    const answer = await repeat(options, route, () => api<Body>(route, body, keyed), "prefer" in keyed);
    encounters.longestMs = Math.max(encounters.longestMs, performance.now() - began);
    return answer;
  };
  return {
    api: call,
    streamAnswered: ({ status, headers }) => {
      if (status !== 200) wait("A stream", status, headers, encounters);
    },
    streamLost: (error) => lose("A stream", error, options),
  };
}

async function repeat<Body>(
  options: PatienceOptions,
  route: string,
  send: () => Promise<ApiAnswer<Body>>,
  isHeld: boolean,
): Promise<ApiAnswer<Body>> {
  const { encounters, signal, limits = usualLimits } = options;
  for (const deadline = performance.now() + limits.requestMs; ; ) {
    const began = performance.now();
    const answer = await attempt(options, route, send);
    if (answer !== undefined && !isHeld)
      encounters.slowestMs = Math.max(encounters.slowestMs, performance.now() - began);
    const waitMs = answer === undefined ? limits.lostMs : waitOf(route, answer, options);
    if (answer !== undefined && waitMs === undefined) return answer;
    if (performance.now() > deadline)
      throw new Unexpected(
        `${named(route)} was not answered in ${limits.requestMs / 1_000} s, with all repeats.`,
      );
    await pause(waitMs, undefined, { signal });
  }
}

/** @returns undefined when there is no answer, and that is all right */
async function attempt<Body>(
  options: PatienceOptions,
  route: string,
  send: () => Promise<ApiAnswer<Body>>,
): Promise<ApiAnswer<Body> | undefined> {
  const { answerMs } = options.limits ?? usualLimits;
  options.encounters.requests++;
  const ending = new AbortController();
  const late = pause(answerMs, "late" as const, { signal: ending.signal }).catch(() => "late" as const);
  try {
    const answer = await Promise.race([send(), late]);
    if (answer === "late") throw new Unexpected(`${named(route)} was not answered in ${answerMs / 1_000} s.`);
    return answer;
  } catch (error) {
    if (options.signal.aborted || error instanceof Unexpected) throw error;
    lose(named(route), error as Error, options);
    return undefined;
  } finally {
    ending.abort();
  }
}

/** How long to wait before asking again; undefined for an answer that stands. */
function waitOf(
  route: string,
  answer: ApiAnswer<unknown>,
  { inspect, encounters }: PatienceOptions,
): number | undefined {
  const { type } = (answer.body ?? {}) as { readonly type?: string };
  const isRunning = answer.status === 409 && type === "/problems/request-in-progress";
  if (answer.status < 429 && !isRunning) return undefined;
  const problem = inspect(route, answer);
  if (problem !== undefined) throw new Unexpected(`${named(route)}: ${problem}`);
  return wait(named(route), answer.status, answer.headers, encounters, isRunning);
}

const longestWaitS = 10;

/** @returns how long the answer asks to wait @throws Unexpected when it is none that asks for that */
function wait(
  what: string,
  status: number,
  headers: Headers,
  encounters: Encounters,
  isRunning = false,
): number {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  if (!(isRunning || status === 503 || status === 429))
    throw new Unexpected(`${what} was answered with ${status}.`);
  if (!(seconds >= 0 && seconds <= longestWaitS))
    throw new Unexpected(
      `${what} was answered with ${status} and Retry-After ${headers.get("retry-after")}.`,
    );
  if (status === 503) encounters.unavailable++;
  if (status === 429) encounters.limited++;
  return seconds * 1_000;
}

/** `fetch` says by a TypeError that the connection was refused or lost; anything else is an answer that cannot be read. */
function lose(what: string, error: Error, { encounters, mayBeLost }: PatienceOptions): void {
  const reason = error.cause instanceof Error ? `${error.message}, ${error.cause.message}` : error.message;
  if (!(error instanceof TypeError))
    throw new Unexpected(`${what} was answered with what is no JSON: ${reason}`);
  if (!mayBeLost())
    throw new Unexpected(`${what} was not answered, though the gateway was not hit: ${reason}`);
  encounters.lost++;
}

function named(route: string): string {
  return route.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{id}");
}
