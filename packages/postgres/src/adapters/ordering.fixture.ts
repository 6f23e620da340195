import { type Contract, defineCommand, defineEvent, type Message, on, systemClock } from "@tidings/core";
import { createTestDatabase } from "@tidings/testing";
import pg from "pg";
import { migrateService } from "../migrate.ts";
import { readRegistry } from "../registry.ts";
import { ServiceRuntime } from "../service-runtime.ts";
import { outboxLog } from "../source-log.ts";
import { defaultSubscriptionSettings } from "../subscription-settings.ts";
import { WakeUp } from "../wake-up.ts";

export interface Order {
  readonly orderId: string;
  readonly note: string;
}

const schema: Contract<string, Order>["schema"] = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value: unknown) => {
      const isOrder = typeof (value as Order).orderId === "string";
      return isOrder
        ? { value: value as Order }
        : { issues: [{ message: "is not a text", path: ["orderId"] }] };
    },
  },
};

export const OrderPlaced = defineEvent("ordering.OrderPlaced", { key: "orderId", schema });
export const OrderShipped = defineEvent("ordering.OrderShipped", { key: "orderId", schema });
export const PayOrder = defineCommand("payments.PayOrder", { key: "orderId", schema, reply: schema });

/** Ordering is installed with a number of partitions that is not the default; billing handles what it publishes. */
export async function startOrdering() {
  const database = await createTestDatabase();
  const pool = new pg.Pool({ connectionString: database.url });
  const ordering = await install(pool, "ordering", 5);
  await pool.query("create table note (text text not null)");
  const billing = await startBilling(database.url, pool);
  return {
    ...{ url: database.url, pool, ordering, runtime: billing.runtime, delivered: billing.delivered },
    wake: (partitions: readonly number[]) =>
      billing.wakeUp.recorded(
        "ordering",
        partitions.map((partition) => ({ partition })),
      ),
    async recorded(): Promise<Record<string, unknown>[]> {
      return (await pool.query(`select * from ${ordering.table("outbox")} order by position`)).rows;
    },
    async notes(): Promise<string[]> {
      return (await pool.query("select text from note")).rows.map(({ text }) => text);
    },
    async stop() {
      await billing.stop();
      await pool.end();
      await database.drop();
    },
  };
}

export type Ordering = Awaited<ReturnType<typeof startOrdering>>;

async function install(pool: pg.Pool, service: string, partitions: number) {
  const client = await pool.connect();
  try {
    return await migrateService(client, { service, partitions, migrations: [], contracts: [] });
  } finally {
    client.release();
  }
}

async function startBilling(url: string, pool: pg.Pool) {
  const log = { info() {}, warn() {}, error: console.error };
  const store = await install(pool, "billing", 1);
  const registry = await readRegistry(pool as unknown as pg.ClientBase);
  const wakeUp = new WakeUp(url, log);
  await wakeUp.start();
  const delivered: Message[] = [];
  const remember = (message: Message) => delivered.push(message);
  const runtime = new ServiceRuntime({
    url,
    store,
    views: [],
    sagas: [],
    records: new Set<string>(),
    settings: defaultSubscriptionSettings,
    clock: systemClock,
    log,
    wakeUp,
    groups: [{ name: "billing", handlers: [on(OrderPlaced, remember), on(OrderShipped, remember)] }],
    progressed: () => {},
    routes: (_, source) => {
      const found = registry.stores.get(source);
      return found && outboxLog(found);
    },
    registry: () => registry,
    connections: { requests: 2, batches: 2 },
  });
  await runtime.subscribe();
  const stop = async () => {
    await runtime.stop(1_000);
    await wakeUp.close();
    await runtime.close();
  };
  return { runtime, delivered, wakeUp, stop };
}
