import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Api, type ApiAnswer, httpClient } from "@mall/common/http-client";
import type { Inspect } from "./shopper-spec.ts";
import type { Tally } from "./shopper-tally.ts";

/** The mall as a crowd finds it. */
export interface Place {
  readonly url: string;
  /** A bearer token that may do everything; not needed in demo mode. */
  readonly token?: string | undefined;
  readonly tally: Tally;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
  readonly inspect: Inspect;
  /** For a mall in which things break on purpose: how its answers are waited for. Else whatever breaks is unexpected. */
  readonly patience?: Patience | undefined;
}

/** How a crowd takes it when something on the way breaks. */
export interface Patience {
  /** Calls the mall until there is an answer that is more than "later". */
  readonly api: Api;
  /** Judges the answer to a request for a stream. @throws Unexpected when it is none that may be given */
  streamAnswered(response: Response): void;
  /** Told when a stream could not be opened or broke off: whoever followed it asks again by other means. */
  streamLost(error: Error): void;
}

/** An answer that was to be expected: what was asked for, or a refusal that the asker knows of. */
export interface Met<Body> {
  readonly body: Body;
  /** For example `409 price-changed`. */
  readonly refusal?: string;
}

export interface CallOptions {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** The refusals that may be met: status and rule, or status and type of the problem. */
  readonly refusals?: readonly string[];
}

/** A client that reads its own writes, and counts all that it meets. */
export interface ShopperClient {
  readonly place: Place;
  readonly headers: () => Readonly<Record<string, string>>;
  /**
   * Sends a request, again when the mall asks for that (`POST`s under a key, so that they happen once).
   * @throws Unexpected for an answer that is neither a success nor one of the refusals
   */
  call<Body>(route: Parameters<Api>[0], options?: CallOptions): Promise<Met<Body>>;
}

/** Something that must not happen, in words. */
export class Unexpected extends Error {}

/** @returns a client of one person, who sends back the last `Consistency-Token` */
export function shopperClient(place: Place): ShopperClient {
  const { url, tally, signal } = place;
  const authorization = place.token === undefined ? {} : { authorization: `Bearer ${place.token}` };
  const api = place.patience?.api ?? httpClient(url, authorization);
  let token: string | null = null;
  const headers = () => ({
    ...(token && { "consistency-token": token }),
    ...(place.token !== undefined && { authorization: `Bearer ${place.token}` }),
  });

  async function send<Body>(route: Parameters<Api>[0], options: CallOptions): Promise<ApiAnswer<Body>> {
    signal.throwIfAborted();
    tally.requests++;
    const answer = await api<Body>(route, options.body, { ...headers(), ...options.headers });
    token = answer.headers.get("consistency-token") ?? token;
    const problem = place.inspect(route, answer);
    if (problem !== undefined) throw new Unexpected(`${withoutIds(route)}: ${problem}`);
    return answer;
  }

  async function call<Body>(route: Parameters<Api>[0], options: CallOptions = {}): Promise<Met<Body>> {
    const key = route.startsWith("POST") && { "idempotency-key": randomUUID() };
    const keyed = { ...options, headers: { ...key, ...options.headers } };
    for (let attempt = 1; ; attempt++) {
      const answer = await send<Body>(route, keyed);
      if (answer.status < 300) return { body: answer.body };
      const problem = problemOf(answer);
      tally.refused(problem);
      if (options.refusals?.includes(problem)) return { body: answer.body, refusal: problem };
      if (!later.has(problem) || attempt === attempts) throw unexpected(route, answer);
      const seconds = Number(answer.headers.get("retry-after") ?? 1);
      await pause(seconds * 1_000, undefined, { signal });
    }
  }
  return { place, headers, call };
}

const attempts = 10;

/** What the mall answers when the same request may succeed a little later. */
const later = new Set([
  "503 read-model-behind",
  "503 processor-unavailable",
  "409 request-in-progress",
  "429 rate-limited",
]);

function problemOf({ status, body }: ApiAnswer<unknown>): string {
  const { rule, type } = (body ?? {}) as { readonly rule?: string; readonly type?: string };
  return `${status} ${rule ?? type?.replace("/problems/", "") ?? "without a problem"}`;
}

function unexpected(route: string, answer: ApiAnswer<unknown>): Unexpected {
  return new Unexpected(`${withoutIds(route)} answered ${problemOf(answer)}: ${JSON.stringify(answer.body)}`);
}

function withoutIds(route: string): string {
  return route.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "{id}");
}
