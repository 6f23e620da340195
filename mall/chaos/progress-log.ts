/** How the Mall got over a fault. */
export interface Recovery {
  /** The longest time without progress, in milliseconds. */
  readonly longestGapMs: number;
  /** Whether there was any progress at all. */
  readonly hasProgressed: boolean;
}

/** When orders have come a step further. Times are of one clock, in milliseconds, and are noted in their order. */
export class ProgressLog {
  readonly #times: number[] = [];

  /** Something has happened to an order. */
  note(at: number): void {
    this.#times.push(at);
  }

  /**
   * The longest time without progress between two moments. What begins or ends outside counts from the first or up to
   * the last of them, so that a standstill which goes on at the end is seen, too.
   */
  recoveryBetween(from: number, to: number): Recovery {
    const within = this.#times.filter((time) => time > from && time <= to);
    const moments = [from, ...within, to];
    const gaps = moments.map((time, at) => time - (moments[at - 1] ?? time));
    return { longestGapMs: Math.max(...gaps), hasProgressed: within.length > 0 };
  }

  /** How long after a moment there was progress for the first time; undefined when there was none. */
  firstAfter(from: number): number | undefined {
    const next = this.#times.find((time) => time > from);
    return next === undefined ? undefined : next - from;
  }
}
