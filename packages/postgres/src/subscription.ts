import { isStreamConflict, isTransient } from "./errors.ts";
import { type BatchResult, handleBatch } from "./handle-batch.ts";
import { nextRetryAt, retryDueHead } from "./retry-parked.ts";
import type { SubscriptionEnvironment } from "./subscription-settings.ts";

/**
 * One handler group's reading of one log, in one process. Any number of processes may run the same subscription: the
 * lease on a partition is the row lock of its cursor, held by the transaction of a batch.
 *
 * A partition here is idle → dirty (something may be there to read) → busy (a worker has it) → idle, or dirty again
 * when the batch was full, failed, or the lease was taken elsewhere. While a failed batch is repeated message by
 * message, its partitions are `isolating` up to the position where the batch ended.
 */
export class Subscription {
  readonly #env: SubscriptionEnvironment;
  readonly #dirty = new Set<number>();
  readonly #busy = new Set<number>();
  readonly #isolating = new Map<number, number>();
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Where each cursor was last seen. */
  readonly #cursors = new Map<number, number>();
  #retrying = false;
  #setbacks = 0;
  #stopped = true;

  constructor(env: SubscriptionEnvironment) {
    this.#env = env;
  }

  /** Reads everything there is, then waits for {@link wake}. */
  start(): void {
    this.#stopped = false;
    this.wake(Array.from({ length: this.#env.key.source.partitions }, (_, partition) => partition));
    this.retry();
  }

  /** Something may have been recorded in these partitions. */
  wake(partitions: Iterable<number>): void {
    for (const partition of partitions) this.#dirty.add(partition);
    this.#dispatch();
  }

  /** The highest positions of the log: wakes the partitions that the subscription is not known to have read so far. */
  observe(heads: ReadonlyMap<number, number>): void {
    this.wake([...heads].filter(([partition, head]) => head > (this.#cursors.get(partition) ?? -1)).map(([partition]) => partition));
  }

  /** Some parked message may be due. */
  retry(): void {
    if (this.#retrying || this.#stopped) return;
    this.#retrying = true;
    this.#run(async () => {
      try {
        while (!this.#stopped && (await retryDueHead(this.#env)));
        this.#retryAt(await nextRetryAt(this.#env));
      } finally {
        this.#retrying = false;
      }
    });
  }

  /** Begins no new batch and waits for those that run. @param graceMs then what still runs is left to its time-out */
  async stop(graceMs: number): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([Promise.all(this.#running), grace]);
    clearTimeout(timer);
  }

  #dispatch(): void {
    const { workers } = this.#env.settings;
    while (!this.#stopped && this.#running.size < workers + Number(this.#retrying)) {
      const share = this.#takeShare();
      if (share.length === 0) return;
      this.#run(() => this.#work(share));
    }
  }

  /** Partitions for one batch: a fair share of the dirty ones, or a single one that is being isolated. */
  #takeShare(): number[] {
    const { key, settings } = this.#env;
    const most = Math.ceil(key.source.partitions / settings.workers);
    const share: number[] = [];
    for (const partition of this.#dirty) {
      if (this.#busy.has(partition)) continue;
      if (this.#isolating.has(partition)) {
        if (share.length > 0) continue;
        share.push(partition);
        break;
      }
      share.push(partition);
      if (share.length === most) break;
    }
    for (const partition of share) {
      this.#dirty.delete(partition);
      this.#busy.add(partition);
    }
    return share;
  }

  #run(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => this.#env.log.error({ subscription: this.#env.key.subscription, err: error }, "subscription failed"))
      .finally(() => {
        this.#running.delete(running);
        this.#dispatch();
      });
    this.#running.add(running);
  }

  async #work(share: readonly number[]): Promise<void> {
    const isIsolating = share.some((partition) => this.#isolating.has(partition));
    const limit = isIsolating ? 1 : Math.max(1, Math.ceil(this.#env.settings.batchSize / share.length));
    try {
      const result = await handleBatch(this.#env, share, limit);
      this.#setbacks = 0;
      this.#note(share, result);
    } catch (error) {
      this.#postpone(share, error);
    } finally {
      for (const partition of share) this.#busy.delete(partition);
    }
  }

  #note(share: readonly number[], { batch, isolate, retryAt }: BatchResult): void {
    for (const [partition, { from, to, full }] of batch.partitions) {
      if (isolate) {
        if (to > from) this.#isolating.set(partition, to);
      } else {
        this.#cursors.set(partition, to);
        if (to >= (this.#isolating.get(partition) ?? 0)) this.#isolating.delete(partition);
      }
      if (isolate || full || this.#isolating.has(partition)) this.#dirty.add(partition);
    }
    const elsewhere = share.filter((partition) => !batch.partitions.has(partition));
    if (elsewhere.length > 0) this.#later(leaseDelayMs, () => this.wake(elsewhere));
    this.#retryAt(retryAt);
  }

  #retryAt(due: Date | null): void {
    if (due) this.#later(Math.max(0, due.getTime() - this.#env.clock.now().getTime()), () => this.retry());
  }

  /** The database or an aggregate got in the way: the same partitions again, after a growing delay. */
  #postpone(share: readonly number[], error: unknown): void {
    const delay = Math.min(5_000, 20 * 2 ** this.#setbacks++) * (0.5 + Math.random() / 2);
    if (!isStreamConflict(error) && this.#setbacks % 5 === 1) {
      const text = isTransient(error) ? "database is unavailable; trying again" : "subscription failed; trying again";
      this.#env.log.warn({ subscription: this.#env.key.subscription, err: error }, text);
    }
    this.#later(delay, () => this.wake(share));
  }

  #later(delayMs: number, act: () => void): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }
}

/** How soon to ask again for a partition that another instance holds. */
const leaseDelayMs = 20;
