const intervalMs = 100;

/** Watches whether the process keeps up: how late its timers are. */
export class LoopLag {
  readonly #maxMs: number;
  readonly #timer: NodeJS.Timeout;
  #lagMs = 0;
  #expected = performance.now() + intervalMs;

  /** @param maxMs later than this is too late: 1,000 */
  constructor(maxMs = 1_000) {
    this.#maxMs = maxMs;
    this.#timer = setInterval(() => this.#look(), intervalMs);
    this.#timer.unref();
  }

  /** Whether there is so much to do that more would only make everything late. */
  get isTooMuch(): boolean {
    return Math.max(this.#lagMs, performance.now() - this.#expected) > this.#maxMs;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.#lagMs = now - this.#expected;
    this.#expected = now + intervalMs;
  }
}
