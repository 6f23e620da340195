import { describe, expect, it } from "vitest";
import { describeFault, type Fault, faultKinds } from "./fault-kinds.ts";
import { faultPlan, type Targets } from "./fault-plan.ts";

const targets: Targets = {
  services: ["ordering-1", "ordering-2", "search-1"],
  gateway: "gateway",
  nodes: ["nats-1", "nats-2", "nats-3"],
};

function first(count: number, seed: number, kinds: readonly Fault["kind"][] = faultKinds): Fault[] {
  const plan = faultPlan({ seed, kinds, targets });
  return Array.from({ length: count }, () => plan.next().value);
}

describe("A plan of faults", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(first(100, 7)).toEqual(first(100, 7));
    expect(first(100, 8)).not.toEqual(first(100, 7));
  });

  it("has each kind once in every round", () => {
    const faults = first(100, 1);
    for (let round = 0; round < 100; round += faultKinds.length) {
      const kinds = faults.slice(round, round + faultKinds.length).map(({ kind }) => kind);
      expect(kinds.toSorted()).toEqual(faultKinds.toSorted());
    }
    expect(faults.map(({ number }) => number)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
  });

  it("has the asked-for kinds alone", () => {
    expect(new Set(first(50, 1, ["cut", "kill"]).map(({ kind }) => kind))).toEqual(new Set(["cut", "kill"]));
  });

  it("hits everybody it may hit, and nobody else", () => {
    const faults = first(2_000, 3);
    const targetsOf = (kind: Fault["kind"]) =>
      new Set(faults.flatMap((fault) => (fault.kind === kind ? fault.target : [])));
    expect(targetsOf("kill")).toEqual(new Set([...targets.services, "gateway"]));
    expect(targetsOf("pause")).toEqual(new Set(targets.services));
    expect(targetsOf("cut")).toEqual(new Set(targets.services));
    expect(targetsOf("nats")).toEqual(new Set(targets.nodes));
    const cuts = faults.filter(({ kind }) => kind === "cut");
    expect(new Set(cuts.map(({ from }) => from))).toEqual(new Set(["postgres", "nats"]));
  });

  it("pauses for longer than a lease, and leaves time between faults", () => {
    for (const { kind, lastsMs, afterMs } of first(500, 4)) {
      const [least, most] = { pause: [6_000, 9_000], cut: [0, 3_000] }[kind as string] ?? [0, 0];
      expect(lastsMs).toBeGreaterThanOrEqual(least as number);
      expect(lastsMs).toBeLessThanOrEqual(most as number);
      expect(afterMs).toBeGreaterThanOrEqual(8_000);
      expect(afterMs).toBeLessThanOrEqual(12_000);
    }
  });
});

describe("A fault", () => {
  it.each<[Partial<Fault>, string]>([
    [{ kind: "kill", target: "search-1" }, "kill search-1"],
    [{ kind: "postgres", target: "postgres" }, "postgres"],
    [{ kind: "pause", target: "ordering-2", lastsMs: 7_230 }, "pause ordering-2 7.2 s"],
    [{ kind: "cut", target: "search-1", from: "nats" }, "cut search-1 from nats 0.0 s"],
  ])("%j is told in words", (fault, words) => {
    const whole = { number: 1, kind: "kill", target: "", lastsMs: 0, afterMs: 0, ...fault } as const;
    expect(describeFault(whole)).toBe(words);
  });
});
