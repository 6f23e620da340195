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
 * recorded them: its outbox still has them, usually. A subscription that is new begins with what the outbox still has; one
 * that is not waits, and says what it misses, rather than to pass anything over.
 */
export class GapFiller {
  readonly #env: GapEnvironment;
  /** The partitions of which something had been received when the reading began. */
  readonly #known: ReadonlySet<number>;
  /** By partition: which gap was seen, and since when. */
  readonly #seen = new Map<number, { readonly after: number; since: number }>();

  constructor(env: GapEnvironment, marks: ReadonlyMap<number, number>) {
    this.#env = env;
    this.#known = new Set(marks.keys());
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

  /** @returns undefined when the source cannot be asked just now, or has no answer that helps */
  async fill({ partition, after, upTo }: LogGap): Promise<Filling | undefined> {
    const { key, broker, log } = this.#env;
    const question: EntriesQuestion = { about: "entries", partition, after, upTo };
    const answer = (await broker.ask(key.source.service, question, answerMs)) as EntriesAnswer | undefined;
    if (!answer) return undefined;
    const isComplete = answer.begins <= after + 1;
    if (isComplete || !this.#known.has(partition)) {
      return { entries: answer.entries, ...(!isComplete && { pass: answer.begins - 1 }) };
    }
    const fields = { subscription: key.subscription, source: key.source.service, partition, after, upTo };
    log.error(fields, "messages are missing that neither the broker nor their service has any more; waiting");
    this.#seen.set(partition, { after, since: performance.now() + complainMs });
    return undefined;
  }
}

const patienceMs = 2_000;
const answerMs = 5_000;
const complainMs = 60_000;
