import { faultKinds } from "./fault-kinds.ts";
import type { Outcome, Violation } from "./outcome.ts";
import type { FaultRecord } from "./run-faults.ts";

/** The tables and lists that a run ends with. */
export function outcomeText(outcome: Outcome): string {
  const { seed, minutes, records, violations } = outcome;
  const title = `${records.length} faults in ${minutes} min (seed ${seed})`;
  return [
    title,
    "",
    ...faultTable(records),
    "",
    ...summaryLines(outcome),
    "",
    ...violationLines(violations),
  ].join("\n");
}

/** Each kind of fault with its number, and how long orders stood still after it: half of the times, and at most. */
function faultTable(records: readonly FaultRecord[]): string[] {
  const rows = faultKinds.flatMap((kind) => {
    const gaps = records
      .filter(({ fault }) => fault.kind === kind)
      .map(({ recovery }) => recovery.longestGapMs);
    return gaps.length === 0
      ? []
      : [[kind, `${gaps.length}`, seconds(medianOf(gaps)), seconds(Math.max(...gaps))]];
  });
  return [["Fault", "count", "median recovery", "longest recovery"], ...rows].map(
    ([kind = "", count = "", median = "", longest = ""]) =>
      `${kind.padEnd(10)}${count.padStart(6)}${median.padStart(18)}${longest.padStart(19)}`,
  );
}

function summaryLines({ orders, encounters }: Outcome): string[] {
  const { requests, unavailable, limited, lost, slowestMs, longestMs } = encounters;
  const { completed = 0, rejected = 0, cancelled = 0 } = orders.byStatus;
  return [
    `Orders     ${orders.accepted} accepted · ${completed} completed · ${rejected} rejected · ${cancelled} cancelled`,
    `Requests   ${requests} · ${unavailable} answered 503 · ${limited} answered 429 · ${lost} not answered while the gateway was gone`,
    `Answers    slowest ${seconds(slowestMs)} · longest with repeats ${seconds(longestMs)}`,
    "",
    "Recovery is the longest time in which no order came a step further, from the fault (from its end, if it is a pause",
    "or a cut) until the next one.",
  ];
}

function violationLines(violations: readonly Violation[]): string[] {
  if (violations.length === 0) return ["Violations none"];
  const groups = [...Map.groupBy(violations, ({ what }) => what)];
  const lines = groups.flatMap(([what, all]) => [
    `✗ ${what}`,
    ...all.flatMap(({ examples }) => examples).map((example) => `    ${example}`),
  ]);
  return [`Violations ${groups.length}`, "", ...lines];
}

/** The lower one of the two in the middle, if there are two. */
function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(1)} s`;
}
