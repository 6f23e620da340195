import type { LiveRow } from "./live-topic.ts";

/** How a thing stands, for all who follow it. */
export class LiveState {
  readonly topic: string;
  readonly version: number;
  readonly owner: string | undefined;
  readonly data: unknown;
  #text: string | undefined;

  constructor(kind: string, { id, version, owner, data }: LiveRow) {
    this.topic = `${kind}/${id}`;
    this.version = version;
    this.owner = owner;
    this.data = data;
  }

  /** `data` as JSON: made once, however many it is sent to. */
  get text(): string {
    this.#text ??= JSON.stringify(this.data);
    return this.#text;
  }
}

/** Somebody who wants to know how a thing stands. */
export interface Follower {
  /** Whether it may see what belongs to this owner: what it may not see does not exist for it. */
  maySee?(owner: string | undefined): boolean;
  /** The thing stands like this now. States in between may be left out, the last one never is. */
  changed(state: LiveState): void;
  /** There is no such thing: nothing more will be told. */
  missing?(): void;
  /** The server closes: nothing more will be told. */
  closed?(): void;
}

/** A follower of one thing, and what it knows. */
export class Following {
  readonly follower: Follower;
  readonly #since = performance.now();
  /** The version that it knows; -1: none. */
  seen: number;
  ended = false;

  constructor(follower: Follower, seen: number) {
    this.follower = follower;
    this.seen = seen;
  }

  /**
   * @param state undefined when it was not found, or is as the follower knows it
   * @returns whether there is nothing to follow, or none that it may see
   */
  isMissing(state: LiveState | undefined, graceMs: number): boolean {
    if (state ? (this.follower.maySee?.(state.owner) ?? true) : this.seen >= 0) return false;
    return this.seen >= 0 || performance.now() - this.#since >= graceMs;
  }

  /** Whether this is news that it may see. */
  isNews(state: LiveState): boolean {
    return state.version !== this.seen && (this.follower.maySee?.(state.owner) ?? true);
  }
}
