import { describe, expect, it } from "vitest";
import type { FaultKind } from "./fault-kinds.ts";
import type { Outcome } from "./outcome.ts";
import { outcomeText } from "./outcome-text.ts";
import { Encounters } from "./patient-shoppers.ts";

function record(kind: FaultKind, longestGapMs: number) {
  const fault = { number: 1, kind, target: "search-1", lastsMs: 0, afterMs: 0 };
  return { fault, recovery: { longestGapMs, hasProgressed: true } };
}

const outcome: Outcome = {
  seed: 7,
  minutes: 5,
  records: [record("pause", 2_000), record("kill", 900), record("kill", 4_000), record("kill", 1_100)],
  orders: { accepted: 12, byStatus: { completed: 9, rejected: 2, cancelled: 1 } },
  encounters: Object.assign(new Encounters(), {
    requests: 100,
    unavailable: 4,
    slowestMs: 1_500,
    longestMs: 2_500,
  }),
  violations: [],
};

describe("The outcome of a run", () => {
  it("shows each kind of fault that there was, with its recoveries", () => {
    const lines = outcomeText(outcome).split("\n");
    expect(lines[0]).toBe("4 faults in 5 min (seed 7)");
    expect(lines[2]?.split(/ {2,}/)).toEqual(["Fault", "count", "median recovery", "longest recovery"]);
    expect(lines[3]?.split(/ {2,}/)).toEqual(["kill", "3", "1.1 s", "4.0 s"]);
    expect(lines[4]?.split(/ {2,}/)).toEqual(["pause", "1", "2.0 s", "2.0 s"]);
    expect(lines[5]).toBe("");
  });

  it("sums up orders and requests", () => {
    const text = outcomeText(outcome);
    expect(text).toContain("Orders     12 accepted · 9 completed · 2 rejected · 1 cancelled");
    expect(text).toContain("Requests   100 · 4 answered 503 · 0 answered 429 · 0 not answered");
    expect(text).toContain("slowest 1.5 s · longest with repeats 2.5 s");
    expect(text).toContain("Violations none");
  });

  it("lists what must not be", () => {
    const lost = (...examples: string[]) => ({ what: "An order was lost", examples });
    const violations = [
      lost("order 1", "order 2"),
      { what: "A process is stuck", examples: [] },
      lost("order 3"),
    ];
    expect(outcomeText({ ...outcome, violations })).toContain(
      "Violations 2\n\n✗ An order was lost\n    order 1\n    order 2\n    order 3\n✗ A process is stuck",
    );
  });
});
