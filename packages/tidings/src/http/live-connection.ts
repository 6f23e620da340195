import type { FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import type { LiveHub } from "./live-hub.ts";
import { maxTopics, parseLiveMessage, parseTopic } from "./live-message.ts";
import type { Follower, LiveState } from "./live-state.ts";
import type { MaySee } from "./operation-routes.ts";
import { Problem } from "./problem.ts";
import { pathOf } from "./request-state.ts";

export interface LiveConnectionOptions {
  readonly socket: WebSocket;
  /** The request that opened it: who asks. */
  readonly request: FastifyRequest;
  readonly live: Pick<LiveHub, "follow" | "isClosed">;
  readonly maySee?: MaySee | undefined;
}

/** Messages that make no sense, before the connection is closed. */
const maxRubbish = 5;
/** Messages between two heartbeats. */
const maxMessages = 1_000;
/** While so much is unsent, states wait, each newest one in the place of the one before. */
const busyBytes = 16 * 1024;
/** A client that leaves more than this unread is cut off: it can only be errors, which do not replace each other. */
const maxUnsentBytes = 64 * 1024;

/**
 * One client of the WebSocket. What it follows it is sent as `{ topic, data }`, what it does wrong as
 * `{ topic?, error: problem }`. A client that is slow gets fewer states in between; one that never reads is cut off, as
 * it answers no heartbeat. What it costs is bounded: {@link maxTopics} topics, one unsent state of each, and 64 KiB.
 */
export class LiveConnection {
  readonly #socket: WebSocket;
  readonly #options: LiveConnectionOptions;
  /** By topic, how to leave it. */
  readonly #topics = new Map<string, () => void>();
  readonly #unsent = new Map<string, LiveState>();
  #isAlive = true;
  #rubbish = 0;
  #messages = 0;

  constructor(options: LiveConnectionOptions) {
    const { socket } = options;
    this.#socket = socket;
    this.#options = options;
    socket.on("message", (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on("ping", () => this.#limitUnsent());
    socket.on("pong", () => {
      this.#isAlive = true;
    });
    socket.on("close", () => this.#leaveAll());
  }

  /** Cuts it off when it has not answered the last heartbeat, and sends the next. */
  beat(): void {
    this.#messages = 0;
    if (!this.#isAlive) this.#socket.terminate();
    else this.#socket.ping();
    this.#isAlive = false;
  }

  /** Closes it; a client that does not answer that in a second is cut off. */
  close(code: number, reason: string): void {
    this.#leaveAll();
    this.#socket.close(code, reason);
    const timer = setTimeout(() => this.#socket.terminate(), 1_000);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (++this.#messages > maxMessages) this.close(1008, "Too many messages.");
    else this.#obey(data, isBinary);
  }

  #obey(data: Buffer, isBinary: boolean): void {
    try {
      const { subscribe, unsubscribe } = parseLiveMessage(data, isBinary);
      for (const topic of unsubscribe) this.#leave(canonical(topic));
      for (const topic of subscribe) this.#follow(topic);
    } catch (error) {
      this.#sendError(error instanceof Problem ? error : new Problem("internal"));
      if (++this.#rubbish >= maxRubbish) this.close(1008, "Too many messages that make no sense.");
    }
  }

  #follow(name: string): void {
    const topic = canonical(name);
    const parsed = parseTopic(topic);
    this.#leave(topic);
    if (!parsed) this.#sendError(new Problem("not-found", unknownTopic), name);
    else if (this.#topics.size >= maxTopics) this.#sendError(new Problem("rate-limited", tooMany), name);
    else this.#topics.set(topic, this.#options.live.follow(parsed, this.#followerOf(topic)));
  }

  #followerOf(topic: string): Follower {
    const { request, maySee } = this.#options;
    return {
      maySee: (owner) => maySee?.(request, owner) ?? true,
      changed: (state) => this.#send(state),
      missing: () => this.#refuse(topic, new Problem("not-found", unknownTopic)),
      closed: () => this.#turnedAway(topic),
    };
  }

  #turnedAway(topic: string): void {
    if (this.#options.live.isClosed) this.close(1001, comeBack);
    else this.#refuse(topic, new Problem("temporarily-unavailable"));
  }

  #refuse(topic: string, problem: Problem): void {
    this.#leave(topic);
    this.#sendError(problem, topic);
  }

  #leave(topic: string): void {
    this.#topics.get(topic)?.();
    this.#topics.delete(topic);
    this.#unsent.delete(topic);
  }

  #leaveAll(): void {
    for (const topic of [...this.#topics.keys()]) this.#leave(topic);
  }

  #send(state: LiveState): void {
    this.#unsent.set(state.topic, state);
    this.#flush();
  }

  /** Sends what is unsent until the socket is busy; goes on when what was sent has left. */
  #flush(): void {
    for (const [topic, { text }] of this.#unsent) {
      if (this.#socket.bufferedAmount > busyBytes) return;
      this.#unsent.delete(topic);
      this.#socket.send(`{"topic":${JSON.stringify(topic)},"data":${text}}`, () => this.#flush());
    }
  }

  #sendError(problem: Problem, topic?: string): void {
    const error = problem.toBody(pathOf(this.#options.request));
    this.#socket.send(JSON.stringify({ topic, error }));
    this.#limitUnsent();
  }

  #limitUnsent(): void {
    if (this.#socket.bufferedAmount > maxUnsentBytes) this.#socket.terminate();
  }
}

/** Said to clients when the server closes. */
export const comeBack = "The server closes: come back.";

const unknownTopic = "There is no such topic.";
const tooMany = `A connection follows ${maxTopics} topics at most.`;

/** Ids are the same in upper case. */
function canonical(topic: string): string {
  return topic.toLowerCase();
}
