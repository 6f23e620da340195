import type { LogEntry, Message } from "@tidings/core";
import { systemClock } from "@tidings/core";
import { partitionOf } from "@tidings/core/internal";
import { createTestDatabase } from "@tidings/testing";
import pg from "pg";
import { createPool } from "../connection.ts";
import { messageOf } from "../inbox/entries.fixture.ts";
import { ScriptedBroker } from "../inbox/scripted-broker.fixture.ts";
import { migrateService } from "../migrate.ts";
import { recordMessages } from "../record-messages.ts";
import { registerSubscription } from "../registry.ts";
import { outboxLog } from "../source-log.ts";
import { defaultSubscriptionSettings, type SubscriptionEnvironment } from "../subscription-settings.ts";
import { relayName } from "./relay-name.ts";

const partitions = 3;

/** The database of `shop`, whose outbox is relayed. */
export async function createShop() {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const store = await migrateService(client, { service: "shop", partitions, migrations: [], contracts: [] });
  await client.end();
  const pool = createPool(database.url, { schema: store.schema, name: "test", max: 6 });
  const source = outboxLog(store);
  await registerSubscription(pool, store, relayName, source);
  /** What a relay in one process needs. */
  const environment: SubscriptionEnvironment = {
    key: { subscription: relayName, source, store },
    context: { store, clock: systemClock, views: [], records: new Set() },
    handlers: new Map(),
    isArchiving: false,
    pool,
    clock: systemClock,
    settings: defaultSubscriptionSettings,
    log: { info() {}, warn() {}, error: console.error },
    progressed: () => {},
    probe: () => {},
  };
  return {
    ...{ store, pool, environment, broker: new ScriptedBroker() },
    /** Records one message for each key, in one transaction. */
    async record(keys: readonly string[], message: Partial<Message> = {}): Promise<void> {
      await pool.query(
        recordMessages(
          store,
          keys.map((key) => messageOf({ ...message, key })),
        ),
      );
    },
    /** The positions in each partition of the outbox. */
    async positions(): Promise<number[][]> {
      const { rows } = await pool.query(
        `select partition, position::int from ${store.table("outbox")} order by position`,
      );
      return Array.from({ length: partitions }, (_, partition) =>
        rows.filter((row) => row.partition === partition).map(({ position }) => position),
      );
    },
    async close(): Promise<void> {
      await pool.end();
      await database.drop();
    },
  };
}

export type Shop = Awaited<ReturnType<typeof createShop>>;

/** A key of each partition. */
export const keys = Array.from({ length: partitions }, (_, partition) => {
  for (let number = 0; ; number++)
    if (partitionOf(`key-${number}`, partitions) === partition) return `key-${number}`;
});

/** The positions of entries by partition, each of which has to name the one before it. */
export function chainsOf(entries: readonly LogEntry[]): number[][] {
  return Array.from({ length: partitions }, (_, partition) => {
    let last = 0;
    return entries.flatMap((entry) => {
      if (entry.partition !== partition) return [];
      const { position, previous } = entry;
      if (previous !== last)
        throw new Error(`${partition}:${position} follows ${last}, but names ${previous}.`);
      last = position;
      return [position];
    });
  });
}
