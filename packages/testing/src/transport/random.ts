/** A seed of this run: `TEST_SEED`, or the clock. Put it into the message of each expectation. */
export const seed = Number(process.env.TEST_SEED ?? Date.now() % 1_000_000);

/** Numbers in [0, 1) that a seed repeats, so that a failed run can be looked at again (mulberry32). */
export function randomFrom(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lets other work go on for so many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
