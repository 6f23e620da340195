import { until } from "@tidings/testing";
import { defineService, type Service, type ServiceOptions } from "./define-service.ts";
import type { Host } from "./host.ts";
import { Changed, effectsMigration, ledger } from "./promises/ledger.fixture.ts";
import type { Sandbox } from "./promises/sandbox.fixture.ts";

/** The ledger with all of its messages in one partition, so that a batch is one run of them. */
export const narrowLedger = defineService("ledger", { ...ledger, partitions: 1, http: () => {} });

/** A subscriber that keeps effects. No message is tried twice unless a test says so. */
export function reader(options: ServiceOptions): Service {
  const subscription = { retry: { attempts: 1 }, handlerTimeoutMs: 5_000, ...options.subscription };
  return defineService("follower", { migrations: [effectsMigration], ...options, subscription });
}

/** Publishes a change of each key in one transaction; the version counts them. */
export async function publish(host: Host, keys: readonly string[]): Promise<void> {
  await host.transaction("ledger", async (tx) => {
    for (const [index, key] of keys.entries()) tx.publish(Changed, { key, version: index + 1 });
  });
}

/** Waits until its handlers have had, or parked, everything that the ledger has recorded. */
export async function whenRead(sandbox: Sandbox, timeout = 10_000): Promise<void> {
  await until(
    "everything is read",
    async () => {
      const { rows } = await sandbox.pool.query(
        `select not exists (select from ledger.tidings_outbox o where o.position > coalesce((
          select max(c.position) from follower.tidings_cursors c
          where c.source = 'ledger' and c.partition = o.partition), 0)) as done`,
      );
      return rows[0].done as boolean;
    },
    { timeout },
  );
}

/** Who arrives waits until so many are there. */
export function barrier(count: number): () => Promise<void> {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let arrived = 0;
  return () => {
    if (++arrived >= count) open();
    return opened;
  };
}

/** Counts how many are inside at the same time. */
export class Gauge {
  most = 0;
  #inside = 0;

  async during(work: () => Promise<unknown>): Promise<void> {
    this.most = Math.max(this.most, ++this.#inside);
    await work().finally(() => this.#inside--);
  }
}

/** The parked messages of the follower: their keys and states. */
export async function parked(sandbox: Sandbox): Promise<unknown[]> {
  const { rows } = await sandbox.pool.query(
    "select key, state, attempts from follower.tidings_parked order by position",
  );
  return rows;
}
