/** An order as its shopper has seen it end. */
export interface SeenOrder {
  readonly orderId: string;
  readonly status: string;
  readonly rejectionReason?: string;
}

/** What a crowd of shoppers has met with. */
export class Tally {
  requests = 0;
  /** Baskets that were never checked out. */
  gaveUp = 0;
  /** The orders of all checkouts that were accepted. */
  readonly accepted = new Set<string>();
  /** The last that shoppers saw of their orders. */
  readonly orders = new Map<string, SeenOrder>();
  /** How often each refusal was met, for example `409 price-changed`. */
  readonly refusals = new Map<string, number>();
  /** From each checkout to its outcome, in milliseconds. */
  readonly latencies: number[] = [];
  readonly unexpected: string[] = [];

  refused(refusal: string): void {
    this.refusals.set(refusal, (this.refusals.get(refusal) ?? 0) + 1);
  }

  /** How often each value of what `of` says of an order was seen, the most frequent first. */
  count(of: (order: SeenOrder) => string | undefined): [string, number][] {
    const values = [...this.orders.values()].map(of).filter((value) => value !== undefined);
    return mostFrequent(
      new Map([...Map.groupBy(values, (value) => value)].map(([k, all]) => [k, all.length])),
    );
  }

  /** A latency that so many of a hundred checkouts did not exceed; undefined when there were none. */
  percentile(percent: number): number | undefined {
    const sorted = this.latencies.toSorted((a, b) => a - b);
    return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
  }
}

/** The entries of a count, the most frequent first. */
export function mostFrequent(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].toSorted(([a, less], [b, more]) => more - less || a.localeCompare(b));
}
