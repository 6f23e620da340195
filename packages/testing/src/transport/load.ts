import { partitionOf } from "@tidings/core/internal";
import type { Host } from "tidings";
import { changeIn } from "./ledger.ts";
import { pause } from "./random.ts";

/** Names keys `<prefix>0`, `<prefix>1`… */
export function keysOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** One key for each of the 32 partitions of the ledger. */
export const spreadKeys: readonly string[] = keyOfEachPartition(32);

function keyOfEachPartition(partitions: number): string[] {
  const byPartition = new Map<number, string>();
  for (let index = 0; byPartition.size < partitions; index++) {
    const key = `spread-${index}`;
    const partition = partitionOf(key, partitions);
    if (!byPartition.has(partition)) byPartition.set(partition, key);
  }
  return [...byPartition.values()];
}

/** Changes accounts, each in a transaction of its own, eight at a time. */
export async function changeAll(host: Host, keys: readonly string[]): Promise<void> {
  const left = [...keys];
  const work = async () => {
    for (let key = left.pop(); key !== undefined; key = left.pop()) await change(host, key);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

function change(host: Host, key: string): Promise<void> {
  return host.transaction("ledger", (tx) => changeIn(tx, key));
}

/** Changes keys in turn, from eight writers at once, until it is stopped. */
export class Load {
  #isStopped = false;
  readonly #writing: Promise<unknown>;

  constructor(host: Host, keys: readonly string[] = spreadKeys) {
    this.#writing = Promise.all(
      Array.from({ length: writers }, (_, writer) =>
        this.#write(
          host,
          keys.filter((_, index) => index % writers === writer),
        ),
      ),
    );
    this.#writing.catch(() => {});
  }

  /** @throws what a writer met */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#writing;
  }

  async #write(host: Host, keys: readonly string[]): Promise<void> {
    for (let round = 0; !this.#isStopped; round++) {
      await change(host, keys[round % keys.length] as string);
      await pause(5);
    }
  }
}

const writers = 8;
