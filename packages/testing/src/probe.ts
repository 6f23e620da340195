import { inspect } from "node:util";

export interface ProbeOptions {
  /** Milliseconds until the wait is given up; 10 seconds by default. */
  readonly timeout?: number;
  /** Milliseconds between two looks; 10 by default. */
  readonly interval?: number;
}

/**
 * Waits until `look` returns (or resolves to) something truthy, and returns that. A `look` that throws has not seen
 * it yet. Given up, the error says what was waited for and what was seen last.
 */
export async function until<Seen>(
  description: string,
  look: () => Seen | Promise<Seen>,
  options: ProbeOptions = {},
): Promise<Exclude<Seen, undefined | null | false | 0 | "">> {
  const { timeout = 10_000, interval = 10 } = options;
  const deadline = performance.now() + timeout;
  let last: Look = { shown: "nothing, since no look has ended" };
  for (;;) {
    last = (await lookOnce(look, deadline)) ?? last;
    if (last.seen) return last.seen as Exclude<Seen, undefined | null | false | 0 | "">;
    if (performance.now() >= deadline) {
      throw new Error(`Waited ${timeout} ms until ${description}; last saw ${last.shown}.`, {
        cause: last.error,
      });
    }
    await new Promise((done) => setTimeout(done, interval));
  }
}

interface Look {
  readonly seen?: unknown;
  readonly shown: string;
  readonly error?: unknown;
}

/** One look, which may not outlast the deadline: a promise that never settles must not hang the test. */
async function lookOnce(look: () => unknown, deadline: number): Promise<Look | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<undefined>((done) => {
    timer = setTimeout(() => done(undefined), Math.max(0, deadline - performance.now()) + 1);
  });
  const looked = (async (): Promise<Look> => {
    try {
      const seen = await look();
      return { seen, shown: inspect(seen, { depth: 4, breakLength: 110 }) };
    } catch (error) {
      return { error, shown: `an error: ${error instanceof Error ? error.message : inspect(error)}` };
    }
  })();
  try {
    return await Promise.race([looked, expired]);
  } finally {
    clearTimeout(timer);
  }
}
