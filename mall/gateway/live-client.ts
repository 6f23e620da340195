import { setTimeout as delay } from "node:timers/promises";
import type { Follower, LiveHub } from "tidings/internal";
import type { UpstreamAnswer } from "./exchange.ts";
import { Limiter } from "./limiter.ts";
import type { LiveCredentials } from "./live-credentials.ts";
import { LiveLink } from "./live-link.ts";
import type { FoundOwner } from "./operation-owners.ts";
import type { UpstreamGroup } from "./upstream-group.ts";

export interface LiveClientOptions {
  readonly credentials: LiveCredentials;
  /** Which service offers a kind of thing. */
  readonly offers: ReadonlyMap<string, UpstreamGroup>;
  /** Finds the service that keeps an operation. @throws Problem while that cannot be said */
  readonly findOwner: (id: string, signal: AbortSignal) => Promise<FoundOwner>;
  readonly liveMs: number;
  /** Called when a service does not let the client in any more. */
  readonly refused: () => void;
}

type Topic = Parameters<LiveHub["follow"]>[0];

const pauseMs = 100;
/** Operations that are looked for at a time; a connection follows no more than wait then. */
const maxLookUps = { inside: 8, queued: 100 };

/** What one client of the WebSocket follows, of whichever services it is. */
export class LiveClient implements Pick<LiveHub, "follow" | "isClosed"> {
  readonly isClosed = false;
  readonly #options: LiveClientOptions;
  readonly #links = new Map<UpstreamGroup, LiveLink>();
  readonly #closed = new AbortController();
  readonly #lookUps: Limiter;

  constructor(options: LiveClientOptions) {
    this.#options = options;
    this.#lookUps = new Limiter({ ...maxLookUps, waitMs: options.liveMs });
  }

  follow({ kind, id }: Topic, follower: Follower): () => void {
    if (kind === "operations") return this.#followOperation(id, follower);
    const group = this.#options.offers.get(kind);
    if (group) return this.#linkTo(group).follow(`${kind}/${id}`, follower);
    queueMicrotask(() => follower.missing?.());
    return () => {};
  }

  /** Ends everything; nobody is told anything more. */
  close(): void {
    this.#closed.abort();
    for (const link of this.#links.values()) link.close();
  }

  #followOperation(id: string, follower: Follower): () => void {
    const left = new AbortController();
    let leave = () => {};
    void this.#whenFound(id, AbortSignal.any([left.signal, this.#closed.signal])).then((found) => {
      if (left.signal.aborted || this.#closed.signal.aborted) return;
      if (!found) follower.closed?.();
      else if (found.owner) leave = this.#linkTo(found.owner).follow(`operations/${id}`, follower);
      else this.#notFound(found.answer, follower);
    });
    return () => {
      left.abort();
      leave();
    };
  }

  #notFound({ status }: UpstreamAnswer, follower: Follower): void {
    if (status === 404) follower.missing?.();
    else this.#options.refused();
  }

  /** @returns undefined when it could not be said in time */
  async #whenFound(id: string, signal: AbortSignal): Promise<FoundOwner | undefined> {
    const deadline = performance.now() + this.#options.liveMs;
    for (;;) {
      try {
        return await this.#find(id, signal);
      } catch {
        if (performance.now() + pauseMs > deadline || signal.aborted) return undefined;
      }
      await delay(pauseMs);
    }
  }

  async #find(id: string, signal: AbortSignal): Promise<FoundOwner> {
    const leave = await this.#lookUps.enter();
    try {
      signal.throwIfAborted();
      return await this.#options.findOwner(id, signal);
    } finally {
      leave();
    }
  }

  #linkTo(group: UpstreamGroup): LiveLink {
    const known = this.#links.get(group);
    if (known) return known;
    const { credentials, liveMs, refused } = this.#options;
    const link = new LiveLink({ group, credentials, liveMs, refused });
    this.#links.set(group, link);
    return link;
  }
}
