import { withTimeLimit } from "@tidings/postgres/internal";
import type { LiveKind } from "./live-kind.ts";
import { type Follower, Following, LiveState } from "./live-state.ts";
import type { LiveRow } from "./live-topic.ts";

export interface FollowedTopicsOptions {
  /** How often everything that is followed is asked about. */
  readonly recheckMs: number;
  /** A query that takes longer has failed: 5,000 ms. */
  readonly limitMs?: number;
  /** Called with what a query or a follower throws. */
  readonly failed: (error: unknown) => void;
}

/**
 * Those who follow things of one kind. However many they are, they cost one query every `recheckMs` while there are any,
 * and one for each signal that something may have changed: at once when nothing is going on, and else so that signals
 * share queries and these take a third of the time at most.
 *
 * idle → (a signal) asking → resting, twice as long → asking again if there were signals, else idle. Whoever begins
 * to follow while a query runs is told by the next one. What a failing query was to find is asked for in the next round.
 */
export class FollowedTopics {
  readonly #kind: LiveKind;
  readonly #options: FollowedTopicsOptions;
  readonly #followings = new Map<string, Set<Following>>();
  #changed = new Set<string>();
  #size = 0;
  #rounds: NodeJS.Timeout | undefined;
  #resting: NodeJS.Timeout | undefined;
  #isAsking = false;

  constructor(kind: LiveKind, options: FollowedTopicsOptions) {
    this.#kind = kind;
    this.#options = options;
  }

  /** The number of followers. */
  get size(): number {
    return this.#size;
  }

  /** @param seen the version that it knows, -1 for none. @returns a function that ends it, safe to call twice */
  follow(id: string, follower: Follower, seen: number): () => void {
    const following = new Following(follower, seen);
    this.#followings.set(id, (this.#followings.get(id) ?? new Set()).add(following));
    this.#size++;
    this.#rounds ??= setInterval(() => this.recheck(), this.#options.recheckMs);
    this.changed([id]);
    return () => this.#leave(id, following);
  }

  changed(ids: Iterable<string>): void {
    for (const id of ids) if (this.#followings.has(id)) this.#changed.add(id);
    if (this.#changed.size > 0 && !this.#isAsking && !this.#resting) void this.#ask();
  }

  recheck(): void {
    if (this.#size > 0) this.changed(this.#followings.keys());
  }

  close(): void {
    clearTimeout(this.#resting);
    for (const [id, followings] of [...this.#followings]) {
      for (const following of [...followings]) {
        if (following.ended) continue;
        this.#leave(id, following);
        this.#attempt(() => following.follower.closed?.());
      }
    }
  }

  #leave(id: string, following: Following): void {
    const followings = this.#followings.get(id);
    if (!followings?.delete(following)) return;
    following.ended = true;
    if (followings.size === 0) {
      this.#followings.delete(id);
      this.#changed.delete(id);
    }
    if (--this.#size > 0) return;
    clearInterval(this.#rounds);
    this.#rounds = undefined;
  }

  async #ask(): Promise<void> {
    const began = performance.now();
    this.#isAsking = true;
    const asked = this.#takeChanged();
    try {
      const reading = this.#kind.read([...asked.keys()], [...asked.values()].map(knownTo));
      this.#tell(asked, await withTimeLimit(this.#options.limitMs ?? 5_000, reading));
    } catch (error) {
      this.#options.failed(error);
    }
    this.#isAsking = false;
    this.#rest(performance.now() - began);
  }

  #takeChanged(): Map<string, readonly Following[]> {
    const asked = new Map<string, readonly Following[]>();
    for (const id of this.#changed) {
      const followings = this.#followings.get(id);
      if (followings) asked.set(id, [...followings]);
    }
    this.#changed = new Set();
    return asked;
  }

  #tell(asked: ReadonlyMap<string, readonly Following[]>, rows: readonly LiveRow[]): void {
    const states = new Map(rows.map((row) => [row.id, new LiveState(this.#kind.name, row)]));
    for (const [id, followings] of asked) {
      for (const following of followings) this.#attempt(() => this.#tellOne(id, following, states.get(id)));
    }
  }

  #tellOne(id: string, following: Following, state: LiveState | undefined): void {
    if (following.ended) return;
    if (following.isMissing(state, this.#kind.graceMs)) {
      this.#leave(id, following);
      following.follower.missing?.();
    } else if (state && following.isNews(state)) {
      following.seen = state.version;
      following.follower.changed(state);
    }
  }

  #rest(tookMs: number): void {
    this.#resting = setTimeout(
      () => {
        this.#resting = undefined;
        this.changed([]);
      },
      Math.min(tookMs * 2, maxRestMs),
    );
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.failed(error);
    }
  }
}

const maxRestMs = 100;

/** The version that all of them know; -1 when they do not agree. */
function knownTo(followings: readonly Following[]): number {
  const known = followings[0]?.seen ?? -1;
  return followings.every(({ seen }) => seen === known) ? known : -1;
}
