const firstMs = 200;
const longestMs = 5_000;
const healthyMs = 30_000;

/** How long to wait before a process that has died is started again: 0.2 s, 0.4 s … 5 s. */
export class Backoff {
  #failures = 0;

  /** @param aliveMs how long the process lived; after 30 s the waits begin anew */
  next(aliveMs: number): number {
    if (aliveMs >= healthyMs) this.#failures = 0;
    return Math.min(firstMs * 2 ** this.#failures++, longestMs);
  }
}
