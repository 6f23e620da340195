import { Problem } from "tidings";

/** What a client is told that cannot be served just now: to come back in a second. */
export function unavailable(cause?: unknown): Problem {
  return new Problem("temporarily-unavailable", undefined, { retryAfter: 1, cause });
}
