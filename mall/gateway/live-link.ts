import type { IncomingMessage } from "node:http";
import { type Follower, LiveState, parseTopic } from "tidings/internal";
import { WebSocket } from "ws";
import type { LiveCredentials } from "./live-credentials.ts";
import type { Upstream } from "./upstream.ts";
import type { UpstreamGroup } from "./upstream-group.ts";

export interface LiveLinkOptions {
  readonly group: UpstreamGroup;
  readonly credentials: LiveCredentials;
  /** So long it may be without an upstream, before its followers are turned away. */
  readonly liveMs: number;
  /** Called when the service does not let the client in any more. */
  readonly refused: () => void;
}

const connectMs = 2_000;
/** The pause before the first attempt to connect again; each one is twice as long as the one before, up to the longest. */
const pauseMs = { first: 100, longest: 2_000 };
const maxMessageBytes = 8_192;

/**
 * What one client follows of one service, over a WebSocket of its own to it: closed → (something is followed) connecting
 * → open → (nothing is followed any more) closed. A connection that is lost is made anew, to any process of the service,
 * and everything is followed again, so that a state may be told twice; when that takes too long, the followers are
 * turned away.
 */
export class LiveLink {
  readonly #options: LiveLinkOptions;
  readonly #followers = new Map<string, Follower>();
  /** Topics that the upstream has not been told of. */
  readonly #untold = new Set<string>();
  readonly #tried = new Set<Upstream>();
  #socket: WebSocket | undefined;
  #version = 0;
  /** Since when nothing has been heard. */
  #silentSince: number | undefined;
  #retry: NodeJS.Timeout | undefined;
  #attempts = 0;

  constructor(options: LiveLinkOptions) {
    this.#options = options;
  }

  /** @param topic as the client names it: `orders/…`. @returns a function that ends it */
  follow(topic: string, follower: Follower): () => void {
    this.#followers.set(topic, follower);
    this.#tell(topic);
    if (!this.#socket && !this.#retry) this.#connect();
    return () => {
      if (this.#followers.get(topic) === follower) this.#forget(topic);
    };
  }

  /** Ends it; nobody is told anything more. */
  close(): void {
    this.#followers.clear();
    this.#untold.clear();
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#socket?.terminate();
  }

  #forget(topic: string): void {
    this.#followers.delete(topic);
    this.#tell(topic);
  }

  #connect(): void {
    const { group, credentials } = this.#options;
    const upstream = group.next(this.#tried);
    this.#tried.add(upstream);
    this.#silentSince ??= performance.now();
    const address = upstream.origin.replace("http", "ws") + credentials.path("/api/live");
    const socket = new WebSocket(address, {
      headers: credentials.headers as Record<string, string>,
      handshakeTimeout: connectMs,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    const forget = upstream.onLost(() => socket.terminate());
    socket.on("open", () => this.#announce());
    socket.on("message", (data) => this.#receive(data.toString()));
    socket.on("unexpected-response", (_request, response) => this.#turnedDown(socket, response));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      forget();
      this.#closed(socket);
    });
  }

  /** Says to a new upstream all that is followed. */
  #announce(): void {
    this.#untold.clear();
    this.#say({ subscribe: [...this.#followers.keys()] });
  }

  /** What a client does in one message is told in one message. */
  #tell(topic: string): void {
    if (this.#untold.size === 0) queueMicrotask(() => this.#tellAll());
    this.#untold.add(topic);
  }

  #tellAll(): void {
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    const topics = [...this.#untold];
    this.#untold.clear();
    if (this.#followers.size === 0) this.#socket.close();
    else
      this.#say({
        unsubscribe: topics.filter((topic) => !this.#followers.has(topic)),
        subscribe: topics.filter((topic) => this.#followers.has(topic)),
      });
  }

  #say(message: { readonly unsubscribe?: readonly string[]; readonly subscribe: readonly string[] }): void {
    const { unsubscribe = [], subscribe } = message;
    const text = JSON.stringify(message);
    const texts = [JSON.stringify({ unsubscribe }), JSON.stringify({ subscribe })];
    for (const part of text.length <= maxMessageBytes ? [text] : texts) this.#socket?.send(part);
  }

  #receive(text: string): void {
    this.#silentSince = undefined;
    this.#attempts = 0;
    this.#tried.clear();
    const { topic = "", data, error } = JSON.parse(text) as LiveAnswer;
    const follower = this.#followers.get(topic);
    if (!error) follower?.changed(this.#stateOf(topic, data));
    else {
      this.#forget(topic);
      if (error.status === 404) follower?.missing?.();
      else follower?.closed?.();
    }
  }

  #stateOf(topic: string, data: unknown): LiveState {
    const { kind = "", id = "" } = parseTopic(topic) ?? {};
    return new LiveState(kind, { id, version: ++this.#version, data });
  }

  #turnedDown(socket: WebSocket, { statusCode = 0 }: IncomingMessage): void {
    socket.terminate();
    if (statusCode === 401 || statusCode === 403) this.#options.refused();
  }

  #closed(socket: WebSocket): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    if (this.#followers.size === 0) {
      this.#silentSince = undefined;
      return;
    }
    this.#silentSince ??= performance.now();
    if (performance.now() - this.#silentSince > this.#options.liveMs) this.#turnAllAway();
    else this.#retry = setTimeout(() => this.#connectAgain(), pauseBefore(++this.#attempts));
  }

  #connectAgain(): void {
    this.#retry = undefined;
    if (this.#followers.size > 0) this.#connect();
  }

  #turnAllAway(): void {
    const followers = [...this.#followers.values()];
    this.#followers.clear();
    this.#silentSince = undefined;
    for (const follower of followers) follower.closed?.();
  }
}

/** So that not all clients of a process that is gone come to another at the same time. */
function pauseBefore(attempt: number): number {
  const pause = Math.min(pauseMs.first * 2 ** (attempt - 1), pauseMs.longest);
  return pause * (0.5 + Math.random() / 2);
}

interface LiveAnswer {
  readonly topic?: string;
  readonly data?: unknown;
  readonly error?: { readonly status: number };
}
