import { describe, expect, it } from "vitest";
import type { Fault } from "./fault-kinds.ts";
import { ProgressLog } from "./progress-log.ts";
import { runFaults } from "./run-faults.ts";

const faults: Fault[] = [
  { number: 1, kind: "kill", target: "search-1", lastsMs: 0, afterMs: 1 },
  { number: 2, kind: "pause", target: "search-1", lastsMs: 400, afterMs: 30 },
  { number: 3, kind: "kill", target: "nobody", lastsMs: 0, afterMs: 30 },
  { number: 4, kind: "kill", target: "search-1", lastsMs: 0, afterMs: 1 },
];

/** A series in which a pause has lasted 400 ms, and nobody cannot be hit. @returns what was told of it */
async function series(progress: ProgressLog, signal = new AbortController().signal) {
  const told: string[] = [];
  const records = await runFaults({
    plan: faults.values(),
    progress,
    inject: async ({ target, lastsMs }) => {
      if (target === "nobody") throw new Error("There is nobody.");
      const ended = performance.now();
      progress.note(ended + 10);
      return { began: ended - lastsMs, ended };
    },
    begins: (what) => told.push(what),
    ends: ({ recovery }, first) =>
      told.push(`${recovery.hasProgressed}, first after ${Math.round(first ?? -1)}`),
    fails: (_, { message }) => told.push(message),
    isOver: () => told.length >= 6,
    signal,
  });
  return { told, records };
}

describe("A series of faults", () => {
  it("makes one after the other, and says how each ended", async () => {
    const { told, records } = await series(new ProgressLog());
    expect(told).toEqual([
      "kill search-1",
      "true, first after 10",
      "pause search-1 0.4 s",
      expect.stringMatching(/^(true|false), first after 10$/),
      "kill nobody",
      "There is nobody.",
    ]);
    expect(records.map(({ fault }) => fault.number)).toEqual([1, 2]);
  });

  it("measures a recovery from the fault until the next one is about to begin, from the end of one that lasts", async () => {
    const { records } = await series(new ProgressLog());
    const [kill, pause] = records;
    expect(kill?.recovery.longestGapMs).toBeGreaterThanOrEqual(18);
    expect(kill?.recovery.longestGapMs).toBeLessThan(1_000);
    expect(pause?.recovery.longestGapMs).toBeLessThan(300);
  });

  it("makes none when it is ended before", async () => {
    expect(await series(new ProgressLog(), AbortSignal.abort())).toEqual({ told: [], records: [] });
  });
});
