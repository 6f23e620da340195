import type { FastifyReply, FastifyRequest } from "fastify";
import { onClientGone, preferredWait, prefersEventStream } from "tidings/internal";
import { answerClient, EventStreams } from "./answer-client.ts";
import { ask } from "./ask.ts";
import type { Call, UpstreamAnswer } from "./exchange.ts";
import { forwardedHeaders } from "./forwarded-headers.ts";
import { Limiter } from "./limiter.ts";
import type { GatewayLimits } from "./limits.ts";
import { LoopLag } from "./loop-lag.ts";
import { RequestBodies, type RequestBody } from "./request-body.ts";
import { unavailable } from "./unavailable.ts";
import type { UpstreamGroup } from "./upstream-group.ts";

export interface ForwarderOptions {
  readonly limits: GatewayLimits;
  /** Whether what requests say in `X-Forwarded-*` is passed on. */
  readonly trustForwarded: boolean;
}

/** How one request is passed on. */
export interface Forwarding {
  /** Asks the services, and returns what the client is answered. */
  readonly ask: (call: Call) => Promise<UpstreamAnswer>;
  /** What it is counted by. */
  readonly limiter: Limiter;
}

/**
 * Passes requests on and answers as it was answered; sheds those that are too many. Nothing of a request is looked at
 * but what says where it belongs: whether it is let in, and whether it is right, is said by its service.
 */
export class Forwarder {
  /** Those that may take long: waiting requests, event streams, WebSockets. */
  readonly long: Limiter;
  readonly streams = new EventStreams();
  readonly #options: ForwarderOptions;
  readonly #bodies: RequestBodies;
  readonly #lag = new LoopLag();
  readonly #closing = new AbortController();

  constructor(options: ForwarderOptions) {
    const { long, bodyBytes } = options.limits;
    this.#options = options;
    this.long = new Limiter({ inside: long });
    this.#bodies = new RequestBodies(bodyBytes);
  }

  /** @throws Problem `temporarily-unavailable`, and what `ask` throws */
  async forward(request: FastifyRequest, reply: FastifyReply, forwarding: Forwarding): Promise<FastifyReply> {
    this.assertCapacity();
    const body = await this.#bodies.read(request.raw);
    try {
      const leave = await forwarding.limiter.enter();
      reply.raw.once("close", leave);
      if (reply.raw.closed) leave();
      return await this.#answer(request, reply, forwarding, body);
    } finally {
      this.#bodies.release(body);
    }
  }

  /** Asks a service. @throws Problem `temporarily-unavailable` */
  ask(group: UpstreamGroup, call: Call): Promise<UpstreamAnswer> {
    return ask(group, call, this.#options.limits);
  }

  /** Asks a service what it may wait for. When the gateway closes, it is answered how things stand. */
  async askPatiently(group: UpstreamGroup, call: Call): Promise<UpstreamAnswer> {
    const { prefer, ...headers } = call.headers;
    const seconds = preferredWait(prefer as string | string[] | undefined);
    if (seconds === undefined) return this.ask(group, call);
    const signal = AbortSignal.any([this.#closing.signal, ...(call.signal ? [call.signal] : [])]);
    try {
      return await this.ask(group, { ...call, signal });
    } catch (error) {
      if (!this.#closing.signal.aborted) throw error;
      const answer = await this.ask(group, { ...call, headers });
      return { ...answer, headers: { ...answer.headers, "preference-applied": `wait=${seconds}` } };
    }
  }

  /** A request as it is passed on, before anybody waits for it. */
  callOf(request: FastifyRequest): Call {
    const seconds = preferredWait(request.headers.prefer) ?? 0;
    return {
      method: request.method,
      path: request.raw.url ?? "/",
      headers: forwardedHeaders(request, this.#options.trustForwarded),
      answerMs: this.#options.limits.answerMs + seconds * 1_000,
    };
  }

  /** Whether a request asks to be answered when something has happened. */
  isLong({ method, headers }: FastifyRequest): boolean {
    const follows = method === "GET" && prefersEventStream(headers.accept);
    return follows || preferredWait(headers.prefer) !== undefined;
  }

  /** @throws Problem `temporarily-unavailable` when the process does not keep up */
  assertCapacity(): void {
    if (this.#lag.isTooMuch) throw unavailable();
  }

  /** Ends what would go on for long: who waits is answered, who follows is told to come back. */
  interrupt(): void {
    this.#closing.abort();
    this.streams.interruptAll();
  }

  close(): void {
    this.#lag.close();
  }

  async #answer(
    request: FastifyRequest,
    reply: FastifyReply,
    forwarding: Forwarding,
    body: RequestBody,
  ): Promise<FastifyReply> {
    const gone = new AbortController();
    const forget = onClientGone(request, () => gone.abort());
    try {
      const answer = await forwarding.ask({ ...this.callOf(request), body, signal: gone.signal });
      return answerClient(reply, answer, this.streams);
    } finally {
      forget();
    }
  }
}
