import { describe, expect, it } from "vitest";
import { until } from "./probe.ts";

describe("until", () => {
  it("returns what was seen as soon as it is truthy", async () => {
    let looks = 0;
    expect(await until("three looks were taken", () => (++looks === 3 ? "seen" : undefined))).toBe("seen");
    expect(looks).toBe(3);
  });

  it("looks again after an error", async () => {
    let looks = 0;
    const look = () => {
      if (++looks === 1) throw new Error("not yet");
      return looks;
    };
    expect(await until("a look succeeds", look)).toBe(2);
  });

  it("says what it waited for and what it last saw when it gives up", async () => {
    const waiting = until("the order is ready", () => false, { timeout: 30 });
    await expect(waiting).rejects.toThrow("Waited 30 ms until the order is ready; last saw false.");
  });

  it("says what the last look that ended saw, when the one after it does not end", async () => {
    let looks = 0;
    const look = () => (++looks === 1 ? Promise.resolve(0) : new Promise<number>(() => {}));
    await expect(until("it answers", look, { timeout: 50 })).rejects.toThrow("last saw 0.");
  });

  it("gives up on a look that never ends", async () => {
    const waiting = until("it answers", () => new Promise<boolean>(() => {}), { timeout: 30 });
    await expect(waiting).rejects.toThrow("until it answers; last saw nothing");
  });
});
