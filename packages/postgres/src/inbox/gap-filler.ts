import type { Broker, LogEntry } from "@tidings/core";
import type { SubscriptionKey } from "../cursors.ts";
import type { Log } from "../subscription-settings.ts";
import type { LogGap } from "./log-order.ts";

/** Asks a service for entries of its own log: those of a partition that follow `after`, up to `upTo`. */
export interface EntriesQuestion {
  readonly about: "entries";
  readonly partition: number;
  readonly after: number;
  readonly upTo: number;
}

/** Asks a service how far its relay has come in each partition: what is up to there, the broker has been given. */
export interface HeadsQuestion {
  readonly about: "heads";
}

export type HeadsAnswer = readonly { readonly partition: number; readonly position: number }[];

export interface EntriesAnswer {
  /** In order, as many as one answer holds. */
  readonly entries: readonly LogEntry[];
  /** What the log has from before this position is gone. */
  readonly begins: number;
}

interface GapEnvironment {
  readonly key: SubscriptionKey;
  readonly broker: Broker;
  readonly log: Log;
}

/** How a gap is closed. */
export interface Filling {
  /** The missing entries, or the first of them. */
  readonly entries: readonly LogEntry[];
  /** Go on as if everything up to this position had been received. */
  readonly pass?: number;
}

/**
 * Gets the entries that the broker has not delivered, because it has lost or outlived them, from the service that
 * recorded them: its outbox still has them, usually. A subscription that has not received anything of a partition begins
 * with what there still is of it; one that has waits, and says what it misses, rather than to pass anything over.
 */
export class GapFiller {
  readonly #env: GapEnvironment;
  /** By partition: which gap was seen, and since when. */
  readonly #seen = new Map<number, { readonly after: number; since: number }>();

  #nextLook = performance.now() + patienceMs;
  /** What was missing at the end when it was asked the last time, and what had arrived by then. */
  #looked: { readonly arrived: number; readonly missing: readonly LogGap[] } | undefined;

  constructor(env: GapEnvironment) {
    this.#env = env;
  }

  /** Those that have been there for longer than entries need that overtook each other on their way. */
  overdue(gaps: readonly LogGap[]): LogGap[] {
    const now = performance.now();
    const open = new Set(gaps.map(({ partition }) => partition));
    for (const partition of this.#seen.keys()) if (!open.has(partition)) this.#seen.delete(partition);
    for (const { partition, after } of gaps) {
      if (this.#seen.get(partition)?.after !== after) this.#seen.set(partition, { after, since: now });
    }
    return gaps.filter(({ partition }) => now - (this.#seen.get(partition)?.since ?? now) >= patienceMs);
  }

  /**
   * Asks now and then how far the source's relay has come. Where that is further than what is here, while nothing has arrived
   * since it was asked the last time, the broker has lost the end of its stream, or all of it.
   */
  async atTheEnd(arrived: number, markOf: (partition: number) => number): Promise<LogGap[]> {
    const now = performance.now();
    if (now < this.#nextLook) return [];
    this.#nextLook = now + lookMs;
    const { key, broker } = this.#env;
    const question: HeadsQuestion = { about: "heads" };
    const heads = (await broker.ask(key.source.service, question, answerMs)) as HeadsAnswer | undefined;
    const before = this.#looked;
    const open = (heads ?? []).map(({ partition, position }) => {
      return { partition, after: markOf(partition), upTo: position };
    });
    const missing = open.filter(({ after, upTo }) => after < upTo);
    this.#looked = { arrived, missing };
    if (before?.arrived !== arrived) return [];
    return before.missing.filter(({ partition, after }) => markOf(partition) === after);
  }

  /** @returns undefined when the source cannot be asked just now, or has no answer that helps */
  async fill({ partition, after, upTo }: LogGap): Promise<Filling | undefined> {
    const { key, broker, log } = this.#env;
    const question: EntriesQuestion = { about: "entries", partition, after, upTo };
    const answer = (await broker.ask(key.source.service, question, answerMs)) as EntriesAnswer | undefined;
    if (!answer) return undefined;
    const { entries, begins } = answer;
    const isComplete = begins <= after + 1;
    if (isComplete && entries.length > 0) return { entries };
    const isNew = after === 0;
    if (isNew && !isComplete) return { entries, pass: Math.min(begins - 1, upTo) };
    const fields = { subscription: key.subscription, source: key.source.service, partition, after, upTo };
    log.error(fields, "messages are missing that neither the broker nor their service has any more; waiting");
    this.#seen.set(partition, { after, since: performance.now() + complainMs });
    return undefined;
  }
}

const patienceMs = 2_000;
const answerMs = 5_000;
const lookMs = 4_000;
const complainMs = 60_000;
