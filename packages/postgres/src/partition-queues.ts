import { TidingsError } from "@tidings/core";

/**
 * Lets the writers of one process into each partition a few at a time, so that a partition that somebody holds does not
 * use up the connections that all others need.
 *
 * A transaction that records holds its partitions until it ends: for the length of a commit if it is ours, for as long
 * as the user likes if it is the user's. Four writers may be recording in a partition or waiting for its lock in the
 * database. The next ones wait here: a quarter of a second with their connection, which is plenty while commits go on;
 * then they give up their transaction and its connection, and run again when there is room.
 */
export class PartitionQueues {
  readonly #writers = new Map<number, number>();
  readonly #waiting = new Set<() => void>();

  /**
   * Call it before recording in these partitions. @returns what to call when the transaction has ended
   * @throws TidingsError `partition-blocked` when there is no room for a quarter of a second, or too many wait
   */
  async enter(partitions: Iterable<number>): Promise<() => void> {
    const wanted = [...new Set(partitions)];
    const end = performance.now() + patienceMs;
    while (!this.#hasRoom(wanted)) await this.whenRoom(wanted, Math.max(0, end - performance.now()));
    for (const partition of wanted) this.#writers.set(partition, this.#writersIn(partition) + 1);
    return () => {
      for (const partition of wanted) this.#writers.set(partition, this.#writersIn(partition) - 1);
      for (const check of [...this.#waiting]) check();
    };
  }

  /** Waits until another writer may enter. @throws TidingsError `partition-blocked` when it takes longer */
  whenRoom(partitions: readonly number[], timeoutMs: number): Promise<void> {
    if (this.#waiting.size >= mostWaiting) throw new PartitionBlocked(partitions);
    return new Promise((resolve, reject) => {
      const finish = (end: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(check);
        end();
      };
      const check = () => this.#hasRoom(partitions) && finish(resolve);
      const timer = setTimeout(() => finish(() => reject(new PartitionBlocked(partitions))), timeoutMs);
      this.#waiting.add(check);
      check();
    });
  }

  #hasRoom(partitions: readonly number[]): boolean {
    return partitions.every((partition) => this.#writersIn(partition) < mostWriters);
  }

  #writersIn(partition: number): number {
    return this.#writers.get(partition) ?? 0;
  }
}

/** Thrown before anything was recorded: the transaction may be repeated when there is room in these partitions. */
export class PartitionBlocked extends TidingsError {
  readonly partitions: readonly number[];

  constructor(partitions: readonly number[]) {
    super("partition-blocked");
    this.partitions = partitions;
  }
}

const mostWriters = 4;
const mostWaiting = 1_000;
const patienceMs = 250;
