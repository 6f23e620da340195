import { findDone } from "@tidings/postgres/internal";
import type { OperationSource } from "./operation-source.ts";

interface OperationWaitsOptions {
  /** More waiters than this are answered at once: 1,000. */
  readonly maxWaiters?: number;
  /** How often the database is asked about everything that is waited for: every 500 ms. */
  readonly recheckMs?: number;
}

/**
 * Lets requests wait until an operation is done. However many wait, they cost one query per database every 500 ms
 * while there are any, and one soon after a commit that {@link changed} tells of; signals in quick succession share it.
 */
export class OperationWaits {
  readonly #sources: readonly OperationSource[];
  readonly #maxWaiters: number;
  readonly #recheckMs: number;
  readonly #waiters = new Map<string, Set<(done: boolean) => void>>();
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;
  #changed = new Set<string>();
  #closed = false;

  constructor(sources: readonly OperationSource[], options: OperationWaitsOptions = {}) {
    this.#sources = sources;
    this.#maxWaiters = options.maxWaiters ?? 1_000;
    this.#recheckMs = options.recheckMs ?? 500;
  }

  /** The number of waiting requests. */
  get size(): number {
    return this.#count;
  }

  /** @returns whether the operation is known to be done: false when time is up, there are too many waiters, or closed */
  whenDone(id: string, timeoutMs: number): Promise<boolean> {
    if (this.#closed || this.#count >= this.#maxWaiters) return Promise.resolve(false);
    return new Promise((resolve) => {
      const finish = (done: boolean) => {
        clearTimeout(timer);
        this.#leave(id, finish);
        resolve(done);
      };
      const timer = setTimeout(finish, timeoutMs, false);
      this.#enter(id, finish);
      this.changed([id]);
    });
  }

  /** Tells that a commit of this process has changed these operations. */
  changed(ids: Iterable<string>): void {
    for (const id of ids) if (this.#waiters.has(id)) this.#changed.add(id);
    if (this.#changed.size > 0) this.#startCheck();
  }

  /** Tells that operations may have changed, without saying which. */
  recheck(): void {
    if (this.#count > 0) this.changed(this.#waiters.keys());
  }

  /** Answers everybody who waits, and lets nobody wait any more. */
  close(): void {
    this.#closed = true;
    for (const finish of [...this.#waiters.values()].flatMap((waiters) => [...waiters])) finish(false);
  }

  #enter(id: string, finish: (done: boolean) => void): void {
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters.add(finish));
    this.#count++;
    this.#timer ??= setInterval(() => this.recheck(), this.#recheckMs);
  }

  #leave(id: string, finish: (done: boolean) => void): void {
    const waiters = this.#waiters.get(id);
    if (!waiters?.delete(finish)) return;
    if (waiters.size === 0) this.#waiters.delete(id);
    if (--this.#count > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #startCheck(): void {
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
      if (this.#changed.size > 0) this.#startCheck();
    });
  }

  /** A database that does not answer is asked again at the next round. */
  async #check(): Promise<void> {
    const ids = [...this.#changed];
    this.#changed = new Set();
    for (const { pool, stores } of this.#sources) {
      for (const id of await findDone(pool, stores, ids).catch(() => [])) this.#finish(id);
    }
  }

  #finish(id: string): void {
    for (const finish of [...(this.#waiters.get(id) ?? [])]) finish(true);
  }
}
