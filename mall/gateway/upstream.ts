import { Agent } from "node:http";
import type { Log } from "./log.ts";

/** How often each process is asked whether it is ready, and how long it may take to say so. */
const pollMs = 1_000;
/** So often in a row it may leave that unanswered, before what waits for it is asked elsewhere. */
const maxSilent = 2;

/**
 * One process of a service, unready ⇄ ready: it is ready when its `/readyz` says so, and is not from when it refuses a
 * connection, says that it is not, or says nothing. It is lost, as a process that is paused, when it says nothing twice.
 */
export class Upstream {
  readonly origin: string;
  readonly agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  readonly #log: Log;
  readonly #lost = new Set<() => void>();
  #isReady = false;
  #silent = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(url: string, log: Log) {
    this.origin = new URL(url).origin;
    this.#log = log;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Asks it whether it is ready, and again every second until it is closed. */
  async watch(): Promise<void> {
    const began = performance.now();
    await this.#poll();
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => void this.watch(), Math.max(0, pollMs - (performance.now() - began)));
  }

  /** It does not take connections: it is not asked first any more, until it is ready again. */
  refused(): void {
    this.#become(false);
  }

  /** @returns a function that ends it */
  onLost(callback: () => void): () => void {
    this.#lost.add(callback);
    return () => this.#lost.delete(callback);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.agent.destroy();
  }

  async #poll(): Promise<void> {
    try {
      const answer = await fetch(`${this.origin}/readyz`, { signal: AbortSignal.timeout(pollMs) });
      await answer.body?.cancel();
      this.#silent = 0;
      this.#become(answer.ok);
    } catch (error) {
      this.#become(false);
      if ((error as Error).name === "TimeoutError" && ++this.#silent === maxSilent) this.#loseIt();
    }
  }

  #loseIt(): void {
    for (const callback of [...this.#lost]) callback();
  }

  #become(isReady: boolean): void {
    if (isReady === this.#isReady || this.#isClosed) return;
    this.#isReady = isReady;
    if (isReady) this.#log.info({ upstream: this.origin }, "an upstream is ready");
    else this.#log.warn({ upstream: this.origin }, "an upstream is not ready");
  }
}
