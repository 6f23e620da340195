import { mostFrequent, type Tally } from "./shopper-tally.ts";

/** How a busy time went, as `--json` prints it. */
export interface Summary {
  readonly apiVersion: "1";
  readonly seed: number;
  readonly seconds: number;
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Accepted checkouts, and how the orders ended; `open` ones had not when their shoppers were called away. */
  readonly orders: number;
  readonly ordersPerSecond: number;
  readonly ordersByStatus: Readonly<Record<string, number>>;
  readonly rejectionReasons: Readonly<Record<string, number>>;
  /** Baskets that were not checked out. */
  readonly gaveUp: number;
  readonly refusals: Readonly<Record<string, number>>;
  /** From the checkout to its outcome. */
  readonly latencyMs: { readonly p50: number | null; readonly p95: number | null };
  readonly unexpected: readonly string[];
}

/** Sums up what a crowd has met with. */
export function summaryOf(
  tally: Tally,
  { seed, seconds }: { readonly seed: number; readonly seconds: number },
): Summary {
  const open = tally.accepted.size - tally.orders.size;
  const statuses = tally.count(({ status }) => status);
  return {
    apiVersion: "1",
    seed,
    seconds: rounded(seconds),
    requests: tally.requests,
    requestsPerSecond: rounded(tally.requests / seconds),
    orders: tally.accepted.size,
    ordersPerSecond: rounded(tally.accepted.size / seconds),
    ordersByStatus: Object.fromEntries(open > 0 ? [...statuses, ["open", open]] : statuses),
    rejectionReasons: Object.fromEntries(tally.count(({ rejectionReason }) => rejectionReason)),
    gaveUp: tally.gaveUp,
    refusals: Object.fromEntries(mostFrequent(tally.refusals)),
    latencyMs: { p50: milliseconds(tally.percentile(50)), p95: milliseconds(tally.percentile(95)) },
    unexpected: tally.unexpected,
  };
}

/** The summary for people. */
export function summaryText(summary: Summary): string {
  const { p50, p95 } = summary.latencyMs;
  const lines: [string, string][] = [
    [
      "Orders",
      `${summary.orders} in ${summary.seconds} s, ${summary.ordersPerSecond} a second (seed ${summary.seed})`,
    ],
    ["  ended as", listed(summary.ordersByStatus)],
    ["  rejected for", listed(summary.rejectionReasons)],
    ["Left without one", `${summary.gaveUp}`],
    ["Refusals met", listed(summary.refusals)],
    ["Checkout to outcome", p50 === null ? "none" : `p50 ${p50} ms, p95 ${p95} ms`],
    ["Requests", `${summary.requests}, ${summary.requestsPerSecond} a second`],
    ["Unexpected", summary.unexpected.length === 0 ? "nothing" : `${summary.unexpected.length} times`],
  ];
  const text = lines.map(([name, value]) => `${name.padEnd(20)} ${value}`);
  return [...text, ...unexpectedLines(summary)].join("\n");
}

const shownUnexpected = 10;

/** Each different thing once, the most frequent first. */
function unexpectedLines({ unexpected }: Summary): string[] {
  const groups = Map.groupBy(unexpected, (what) => what);
  const counts = mostFrequent(new Map([...groups].map(([what, all]) => [what, all.length])));
  const shown = counts.slice(0, shownUnexpected).map(([what, count]) => `  ${count} × ${what}`);
  return counts.length > shownUnexpected
    ? [...shown, `  and ${counts.length - shownUnexpected} others`]
    : shown;
}

function listed(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return parts.join(" · ") || "none";
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function milliseconds(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value);
}
