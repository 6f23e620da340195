import { isBrokerLost, isDeadlock, isStreamConflict, isTransient } from "./errors.ts";
import { type BatchRequest, type BatchResult, handleBatch } from "./handle-batch.ts";
import { nextRetryAt, retryDueHead } from "./retry-parked.ts";
import { overdueMs, type SubscriptionEnvironment } from "./subscription-settings.ts";

/**
 * One handler group's reading of one log, in one process. Any number of processes may run the same subscription: the
 * lease on a partition is a lock held by the transaction of a batch (see cursors.ts).
 *
 * A partition here is idle → dirty (something may be there to read) → busy (a worker has it) → idle, or dirty again
 * when the batch was full, failed, or the lease was taken elsewhere. While a failed batch is repeated message by
 * message, its partitions are `isolating` up to the position where the batch ended.
 *
 * How many batches run at once, and how large they are, follows the handlers. Quick ones, which only talk to the
 * database, go one batch after the other: a batch holds the row locks of all its messages, so two at a time that touch
 * shared rows (a total) would wait for each other, or deadlock. Handlers that wait for something else (an HTTP call) are slow:
 * then up to `workers` batches run at once, and a batch that hangs stands in nobody's way. After a deadlock an instance takes turns with the
 * others that met one, for a minute.
 */
export class Subscription {
  readonly #env: SubscriptionEnvironment;
  readonly #handleBatch: (request: BatchRequest) => Promise<BatchResult>;
  readonly #dirty = new Set<number>();
  readonly #busy = new Set<number>();
  readonly #isolating = new Map<number, number>();
  readonly #running = new Set<Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Where each cursor was last seen. */
  readonly #cursors = new Map<number, number>();
  #retrying = false;
  #setbacks = 0;
  /** How many messages the next batch reads. */
  #size: number;
  /** Whether the handlers of the last batch waited for something else than the database. */
  #slow = false;
  #turnsUntil = 0;
  #lingering = false;
  #batches = 0;
  /** How many of them have been running for long. */
  #overdue = 0;
  #stopped = true;

  /** @param work handles the next messages of some partitions: {@link handleBatch}, unless told otherwise */
  constructor(env: SubscriptionEnvironment, work?: (request: BatchRequest) => Promise<BatchResult>) {
    this.#env = env;
    this.#handleBatch = work ?? ((request) => handleBatch(env, request));
    this.#size = Math.min(firstBatchSize, env.settings.batchSize);
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
    this.wake(
      [...heads]
        .filter(([partition, head]) => head > (this.#cursors.get(partition) ?? -1))
        .map(([partition]) => partition),
    );
  }

  /** Some parked message may be due. */
  retry(): void {
    if (this.#retrying || this.#stopped) return;
    this.#retrying = true;
    this.#run(async () => {
      try {
        while (!this.#stopped && (await retryDueHead(this.#env)));
        this.#retryAt(await nextRetryAt(this.#env));
      } catch (error) {
        this.#postpone(error, () => this.retry());
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
    while (!this.#stopped && !this.#lingering && this.#mayStart()) {
      const request = this.#takeShare();
      if (request.partitions.length === 0) return;
      this.#batches++;
      this.#run(() => this.#work(request));
    }
  }

  /** A batch that is overdue does not count, as long as there are workers left: nobody waits for a handler that hangs. */
  #mayStart(): boolean {
    return this.#batches - this.#overdue < this.#mostBatches() && this.#batches < this.#env.settings.workers;
  }

  #mostBatches(): number {
    return this.#slow && !this.#takesTurns() ? this.#env.settings.workers : 1;
  }

  #takesTurns(): boolean {
    return performance.now() < this.#turnsUntil;
  }

  /** What one batch is to read: all dirty partitions, a fair share while handlers are slow, one that is being isolated. */
  #takeShare(): BatchRequest {
    const idle = [...this.#dirty].filter((partition) => !this.#busy.has(partition));
    const most = Math.ceil(idle.length / Math.max(1, this.#mostBatches() - this.#batches));
    const isolated = idle.find((partition) => this.#isolating.has(partition));
    const partitions = isolated === undefined ? idle.slice(0, Math.min(most, this.#size)) : [isolated];
    const limit = isolated === undefined ? Math.ceil(this.#size / Math.max(1, partitions.length)) : 1;
    for (const partition of partitions) {
      this.#dirty.delete(partition);
      this.#busy.add(partition);
    }
    return { partitions, limit, inTurn: this.#takesTurns() };
  }

  #run(work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) =>
        this.#env.log.error({ subscription: this.#env.key.subscription, err: error }, "subscription failed"),
      )
      .finally(() => {
        this.#running.delete(running);
        this.#dispatch();
      });
    this.#running.add(running);
  }

  async #work(request: BatchRequest): Promise<void> {
    const started = performance.now();
    let isOverdue = false;
    const timer = setTimeout(() => {
      isOverdue = true;
      this.#overdue++;
      this.#dispatch();
    }, overdueMs);
    try {
      const result = await this.#handleBatch(request);
      this.#setbacks = 0;
      const tookMs = performance.now() - started;
      this.#adapt(result, tookMs);
      this.#linger(result, tookMs);
      this.#note(request.partitions, result);
    } catch (error) {
      this.#postpone(error, () => this.wake(request.partitions));
    } finally {
      clearTimeout(timer);
      this.#overdue -= Number(isOverdue);
      this.#batches--;
      for (const partition of request.partitions) this.#busy.delete(partition);
    }
  }

  /**
   * Under load, lets messages gather for as long as the last batch took, 25 ms at most: a batch has a price of its own
   * (about that of ten messages), which they then share. A message that comes alone is never held up.
   */
  #linger({ batch, isolate }: BatchResult, tookMs: number): void {
    const isFull = [...batch.partitions.values()].some(({ full }) => full);
    if (isolate || isFull || this.#slow || batch.size < lingerFrom) return;
    this.#lingering = true;
    this.#later(Math.min(longestLingerMs, tookMs), () => {
      this.#lingering = false;
      this.#dispatch();
    });
  }

  /** Doubles the batch while batches are full and quick, halves it while they are slow. */
  #adapt({ batch, isolate, waitedMs, handled }: BatchResult, tookMs: number): void {
    const { batchSize, sliceMs } = this.#env.settings;
    if (isolate || batch.size === 0) return;
    this.#slow = waitedMs > sliceMs && waitedMs > slowHandlerMs * handled;
    const isFull = [...batch.partitions.values()].some(({ full }) => full);
    if (tookMs > 2 * sliceMs) this.#size = Math.max(1, this.#size >> 1);
    else if (isFull) this.#size = Math.min(batchSize, 2 * this.#size);
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

  /** The database or an aggregate got in the way: the same again, after a growing delay. */
  #postpone(error: unknown, again: () => void): void {
    if (isDeadlock(error)) {
      this.#turnsUntil = performance.now() + turnsMs;
    }
    if (isDeadlock(error) || isStreamConflict(error)) this.#size = Math.max(1, this.#size >> 1);
    const delay = Math.min(5_000, 20 * 2 ** this.#setbacks++) * (0.5 + Math.random() / 2);
    if (!isStreamConflict(error) && this.#setbacks % 5 === 1) {
      const text = isTransient(error)
        ? `${isBrokerLost(error) ? "broker" : "database"} is unavailable; trying again`
        : "subscription failed; trying again";
      this.#env.log.warn({ subscription: this.#env.key.subscription, err: error }, text);
    }
    this.#later(delay, again);
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

const firstBatchSize = 64;
const slowHandlerMs = 5;
const lingerFrom = 8;
const longestLingerMs = 25;
const turnsMs = 60_000;
/** How soon to ask again for a partition that another instance holds. */
const leaseDelayMs = 20;
