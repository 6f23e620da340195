import { createTestDatabase } from "@tidings/testing";
import pg from "pg";
import { createPool, type PoolOptions } from "../connection.ts";
import type { SubscriptionKey } from "../cursors.ts";
import { migrateService } from "../migrate.ts";
import { registerSubscription } from "../registry.ts";
import { inboxLog } from "../source-log.ts";
import { createInboxParts } from "./inbox-parts.ts";

/** A message in an inbox. */
export interface Stored {
  readonly subscription: string;
  readonly partition: number;
  readonly position: number;
  readonly type: string;
  readonly data: unknown;
}

/** The database of a service that reads the log of `shop`, which is in another one. */
export async function createInbox() {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const store = await migrateService(client, { service: "desk", migrations: [], contracts: [] });
  await client.end();
  const pools: pg.Pool[] = [];
  const poolWith = (options: Partial<PoolOptions> = {}): pg.Pool => {
    const pool = createPool(database.url, { schema: store.schema, name: "test", max: 4, ...options });
    pools.push(pool);
    return pool;
  };
  const pool = poolWith();
  const source = inboxLog(store, "shop", 4);
  const key: SubscriptionKey = { subscription: "desk", source, store };
  await registerSubscription(pool, store, key.subscription, source);
  await createInboxParts(pool, store);
  return {
    ...{ url: database.url, store, pool, poolWith, key },
    /** What is stored for all subscriptions, in the order of each partition. */
    async stored(): Promise<Stored[]> {
      const { rows } = await pool.query(
        `select subscription, partition, position::int, type, data from ${store.table("inbox")} order by 1, 2, 3`,
      );
      return rows;
    },
    async close(): Promise<void> {
      await Promise.all(pools.map((each) => each.end()));
      await database.drop();
    },
  };
}

export type Inbox = Awaited<ReturnType<typeof createInbox>>;
