import { type Clock, defineAggregate, defineEvent, type Message, type Transaction } from "@tidings/core";
import { type MigrationPlan, migrateService, type Store } from "@tidings/postgres";
import { createPool, runTransaction } from "@tidings/postgres/internal";
import { createTestDatabase } from "@tidings/testing";
import type { FastifyInstance, InjectOptions } from "fastify";
import pg from "pg";
import { z } from "zod";
import { LiveHub } from "./live-hub.ts";
import { operationKind } from "./live-kind.ts";
import { createHttpServer } from "./server.ts";
import type { ServiceHttp } from "./service-http.ts";
import { serviceRoutes } from "./service-routes.ts";
import type { HttpRuntime } from "./service-runtime.ts";

export const Renamed = defineEvent("shop.Renamed", {
  key: "id",
  schema: z.object({ id: z.string(), name: z.string() }),
});

export const Thing = defineAggregate<{ name: string }, { type: "Renamed"; data: { name: string } }>("thing", {
  initial: { name: "" },
  evolve: { Renamed: (_, { name }) => ({ name }) },
});

const plan: MigrationPlan = {
  service: "shop",
  partitions: 4,
  migrations: [{ name: "0001-things", sql: "create table things (name text primary key)" }],
  contracts: [{ role: "publishes", type: "shop.Renamed" }],
};

export class TestClock implements Clock {
  #now = new Date("2026-01-01T00:00:00Z");

  now(): Date {
    return this.#now;
  }

  advance(milliseconds: number): void {
    this.#now = new Date(this.#now.getTime() + milliseconds);
  }
}

/** A service behind an HTTP server, with a database of its own. */
export interface Shop {
  readonly app: FastifyInstance;
  readonly pool: pg.Pool;
  readonly store: Store;
  readonly clock: TestClock;
  readonly runtime: HttpRuntime;
  readonly recorded: (readonly Message[])[];
  consistent: HttpRuntime["consistent"];
  request(options: InjectOptions): Promise<{ status: number; headers: Record<string, string>; body: never }>;
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;
  names(): Promise<string[]>;
  close(): Promise<void>;
}

export async function openShop(http: (app: ServiceHttp) => void): Promise<Shop> {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const store = await migrateService(client, plan);
  await client.end();
  const pool = createPool(database.url, { schema: store.schema, name: "shop", max: 10 });
  const clock = new TestClock();
  const live = new LiveHub(operationKind([{ pool, stores: [store] }]));
  const recorded: (readonly Message[])[] = [];
  const context = {
    store,
    clock,
    views: [],
    records: new Set(["shop.Renamed"]),
    committed: ({ messages }: { readonly messages: readonly Message[] }) => void recorded.push(messages),
  };
  const app = createHttpServer();
  const shop: Shop = {
    app,
    pool,
    store,
    clock,
    recorded,
    consistent: async () => true,
    runtime: {
      pool,
      context,
      rebuilds: {} as HttpRuntime["rebuilds"],
      live,
      consistent: (token, service, timeoutMs) => shop.consistent(token, service, timeoutMs),
    },
    async request(options) {
      const response = await app.inject({ method: "POST", ...options });
      const headers = response.headers as Record<string, string>;
      return {
        status: response.statusCode,
        headers,
        body: (response.body ? response.json() : undefined) as never,
      };
    },
    transaction: async (work) => {
      const cause = { correlationId: null, causationId: null, headers: {} };
      return (await runTransaction(pool, context, cause, work)).result;
    },
    names: async () =>
      (await pool.query("select name from things order by name")).rows.map(({ name }) => name),
    async close() {
      live.close();
      await app.close();
      await pool.end();
      await database.drop();
    },
  };
  await serviceRoutes(app, { name: "shop", http }, shop.runtime);
  return shop;
}
