import { defineEvent, type Handler, on, type ProjectionOptions, projection } from "@tidings/core";
import type { ProjectionStatus, Rebuild } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import type { Pool } from "pg";
import { defineService, type Service, type ServiceOptions } from "../define-service.ts";
import type { Host } from "../host.ts";
import { Changed, change, changeSchema, keysOf } from "./ledger.fixture.ts";

/** Two tables: how often each account was changed, with its last version, and how many changes there were in each version. */
const balancesMigration = {
  name: "0001-balances",
  sql: `create table balances (
      key text primary key, changes int not null, version int not null, place bigint generated always as identity
    );
    create index balances_by_version on balances (version desc) where version > 1;
    create table versions (version int primary key, changes int not null check (changes > 0));`,
};

/** Counts each change: one that is lost or handled twice is seen. The order shows in `version`. */
export const countChange: Handler = on(Changed, async ({ data }, tx) => {
  await tx.query(
    `insert into balances (key, changes, version) values ($1, 1, $2)
     on conflict (key) do update set changes = balances.changes + 1, version = excluded.version`,
    [data.key, data.version],
  );
  await tx.query(
    "insert into versions values ($1, 1) on conflict (version) do update set changes = versions.changes + 1",
    [data.version],
  );
});

/** An event that its own service may publish: what no projection may do. */
export const Noted = defineEvent("counter.Noted", { key: "key", schema: changeSchema });

/** A service with one projection, `balances`. */
export function counter(
  handlers: readonly Handler[] = [countChange],
  options: ProjectionOptions & { readonly service?: ServiceOptions } = { tables: ["balances", "versions"] },
): Service {
  return defineService("counter", {
    publishes: [Noted],
    projects: [projection("balances", handlers, options.tables ? { tables: options.tables } : {})],
    migrations: [balancesMigration],
    ...options.service,
  });
}

/** What a read model says, for comparison: without the identities, which count anew. */
export async function readModel(pool: Pool): Promise<unknown> {
  const { rows: balances } = await pool.query(
    "select key, changes, version from counter.balances order by key",
  );
  const { rows: versions } = await pool.query("select * from counter.versions order by version");
  return { balances, versions };
}

/** What the read model is to be when everything is handled once, by the accounts themselves. */
export async function expectedModel(pool: Pool): Promise<unknown> {
  const { rows: balances } = await pool.query(
    "select key, version as changes, version from ledger.accounts order by key",
  );
  const { rows: versions } = await pool.query(
    "select v as version, count(*)::int as changes from ledger.accounts, generate_series(1, version) v group by v order by v",
  );
  return { balances, versions };
}

/** Changes accounts of `host` again and again, until stopped. @returns how to stop */
export function keepChanging(host: Host, prefix: string, writers = 4): () => Promise<void> {
  let isStopped = false;
  const writing = keysOf(prefix, writers).map(async (writer) => {
    for (let round = 0; !isStopped; round++) {
      await change(host, `${writer}-${round % 5}`);
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  });
  return async () => {
    isStopped = true;
    await Promise.all(writing);
  };
}

/** Changes so many accounts so often, a few hundred changes in a transaction. */
export async function changeMany(host: Host, accounts: number, times: number): Promise<void> {
  for (let round = 1; round <= times; round++) {
    await host.transaction("ledger", async (tx) => {
      const keys = keysOf("many-", accounts);
      await tx.query(
        `insert into accounts select k, 1 from unnest($1::text[]) k
         on conflict (key) do update set version = accounts.version + 1`,
        [keys],
      );
      for (const key of keys) tx.publish(Changed, { key, version: round });
    });
  }
}

/** Waits until the counter has handled everything that the ledger has recorded. */
export function whenCounted(pool: Pool): Promise<unknown> {
  return until(
    "everything is counted",
    async () => {
      const { rows } = await pool.query(
        `select (select coalesce(sum(version), 0) from ledger.accounts) as wanted,
           (select coalesce(sum(changes), 0) from counter.balances) as counted`,
      );
      return Number(rows[0].counted) >= Number(rows[0].wanted);
    },
    { timeout: 30_000 },
  );
}

export async function rebuildOf(host: Host): Promise<Rebuild | null> {
  const [status] = (await host.projections("counter")) as [ProjectionStatus];
  return status.rebuild;
}

/** Waits until the last rebuild has ended, as it should. */
export async function whenRebuilt(host: Host, state: Rebuild["state"] = "done"): Promise<Rebuild> {
  return until(
    `the rebuild is ${state}`,
    async () => {
      const rebuild = await rebuildOf(host);
      return rebuild?.state === state && rebuild;
    },
    { timeout: 30_000 },
  );
}
