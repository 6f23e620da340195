import { type Log, type Operation, SharedReads } from "@tidings/postgres/internal";
import { FollowedTopics } from "./followed-topics.ts";
import type { LiveKind } from "./live-kind.ts";
import { type Follower, LiveState } from "./live-state.ts";

export interface LiveHubOptions {
  readonly log?: Pick<Log, "warn">;
  /** More followers than this are turned away: 20,000. */
  readonly maxFollowers?: number;
  /** How often everything that is followed is asked about: every 500 ms. */
  readonly recheckMs?: number;
}

const defaultMaxFollowers = 20_000;
const defaultRecheckMs = 500;

/** What a follower that is turned away gets. */
const nothing = () => {};

/**
 * Where everybody in this process follows operations and what services offer: requests with `Prefer: wait`, event
 * streams, WebSockets. All are told the same, and together they cost the queries of one; see {@link FollowedTopics}.
 */
export class LiveHub {
  readonly #kinds = new Map<string, FollowedTopics>();
  readonly #operations: SharedReads<{ readonly id: string; readonly state: LiveState }>;
  readonly #maxFollowers: number;
  #isClosed = false;

  /** @throws Error when two kinds have the same name */
  constructor(
    operations: LiveKind<Operation>,
    offered: readonly LiveKind[] = [],
    options: LiveHubOptions = {},
  ) {
    this.#maxFollowers = options.maxFollowers ?? defaultMaxFollowers;
    for (const kind of [operations, ...offered]) {
      if (this.#kinds.has(kind.name)) throw new Error(`Two services offer the live topic ${kind.name}.`);
      const failed = (error: unknown) => {
        options.log?.warn({ err: error, topics: kind.name }, "could not read what is followed; trying again");
      };
      const recheckMs = options.recheckMs ?? defaultRecheckMs;
      this.#kinds.set(kind.name, new FollowedTopics(kind, { recheckMs, failed }));
    }
    this.#operations = new SharedReads(async (ids) => {
      const rows = await operations.read(
        ids,
        ids.map(() => -1),
      );
      return rows.map((row) => ({ id: row.id, state: new LiveState(operations.name, row) }));
    });
  }

  /** The number of followers. */
  get size(): number {
    return [...this.#kinds.values()].reduce((sum, { size }) => sum + size, 0);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether a new follower would be turned away. */
  get isFull(): boolean {
    return this.#isClosed || this.size >= this.#maxFollowers;
  }

  /** How an operation stands now; requests that come at the same time share a query. @throws what the query throws */
  async readOperation(id: string): Promise<LiveState | undefined> {
    return (await this.#operations.read(id))?.state;
  }

  /**
   * Tells the follower how the thing stands, and again after each change, until the function that it returns is called.
   * When the hub is closed or full it is told `closed` instead.
   *
   * @param topic its kind and its id, a UUID in lower case
   * @param seen the version that the follower knows already; it is told when there is another one
   */
  follow(topic: { readonly kind: string; readonly id: string }, follower: Follower, seen = -1): () => void {
    if (this.isFull) {
      queueMicrotask(() => follower.closed?.());
      return nothing;
    }
    const kind = this.#kinds.get(topic.kind);
    if (kind) return kind.follow(topic.id, follower, seen);
    queueMicrotask(() => follower.missing?.());
    return nothing;
  }

  /** Tells of a commit of this process: it has changed these operations, and maybe things that services offer. */
  committed(operations: Iterable<string>): void {
    for (const [name, kind] of this.#kinds) {
      if (name === "operations") kind.changed(operations);
      else kind.recheck();
    }
  }

  /** Tells that a commit of this process may have changed anything. */
  recheck(): void {
    for (const kind of this.#kinds.values()) kind.recheck();
  }

  /** Tells all followers that it closes, and turns away those who come later. Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    for (const kind of this.#kinds.values()) kind.close();
  }
}
