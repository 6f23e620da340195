import { describe, expect, it } from "vitest";
import { ProgressLog } from "./progress-log.ts";

function logOf(...times: number[]): ProgressLog {
  const log = new ProgressLog();
  for (const time of times) log.note(time);
  return log;
}

describe("The recovery from a fault", () => {
  it("takes as long as the longest time without progress after it", () => {
    const log = logOf(0, 900, 1_100, 4_100, 4_300, 5_000);
    expect(log.recoveryBetween(1_000, 5_000)).toEqual({ longestGapMs: 3_000, hasProgressed: true });
  });

  it("counts from the fault, not from the progress before it", () => {
    expect(logOf(0, 2_500).recoveryBetween(2_000, 2_600).longestGapMs).toBe(500);
  });

  it("counts up to the end when there is no progress any more", () => {
    expect(logOf(1_100).recoveryBetween(1_000, 9_000)).toEqual({ longestGapMs: 7_900, hasProgressed: true });
  });

  it("has not come when nothing happens in its time, whatever happens later", () => {
    const log = logOf(500, 9_500);
    expect(log.recoveryBetween(1_000, 9_000)).toEqual({ longestGapMs: 8_000, hasProgressed: false });
  });
});

describe("The first progress after a fault", () => {
  it("is the next that was noted", () => {
    expect(logOf(900, 1_400, 1_500).firstAfter(1_000)).toBe(400);
    expect(logOf(900).firstAfter(1_000)).toBeUndefined();
  });
});
