import { deepStrictEqual } from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";
import { until } from "@tidings/testing";

/** Whatever takes longer than this does not happen, as far as a scenario is concerned. */
const timeoutMs = 20_000;

/**
 * Waits until `look` finds something; a `look` that throws has not found it yet. Given up, the error says what was
 * waited for, and what was seen last.
 */
export async function eventually<Seen>(description: string, look: () => Promise<Seen>) {
  let last = "nothing";
  const remembering = async () => {
    try {
      const seen = await look();
      last = inspect(seen, { depth: 4, breakLength: 110 });
      return seen;
    } catch (error) {
      last = error instanceof Error ? error.message : inspect(error);
      throw error;
    }
  };
  try {
    return await until(description, remembering, { timeout: timeoutMs, interval: 25 });
  } catch {
    throw new Error(`Waited ${timeoutMs / 1000} s until ${description}; last saw: ${last}.`);
  }
}

/** Waits until `look` sees exactly this; given up, the error shows the difference. */
export async function eventuallyEqual<Seen>(
  description: string,
  look: () => Promise<Seen>,
  expected: Seen,
): Promise<void> {
  let seen: Seen | undefined;
  try {
    await eventually(description, async () => {
      seen = await look();
      return isDeepStrictEqual(seen, expected);
    });
  } catch (error) {
    if (seen === undefined) throw error;
    deepStrictEqual(seen, expected);
  }
}
