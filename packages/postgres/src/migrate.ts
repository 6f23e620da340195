import { createHash } from "node:crypto";
import { TidingsError } from "@tidings/core";
import type { ClientBase } from "pg";
import { foundation } from "./migrations/0001-foundation.ts";
import { operationVersions } from "./migrations/0002-operation-versions.ts";
import { sagas } from "./migrations/0003-sagas.ts";
import { projectionRebuilds } from "./migrations/0004-projection-rebuilds.ts";
import { inbox } from "./migrations/0005-inbox.ts";
import { quoteIdentifier, type Store, storeOf } from "./store.ts";

/** One numbered step of a service's own schema. Once applied it is never edited. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** What {@link migrateService} needs to know of a service. */
export interface MigrationPlan {
  readonly service: string;
  readonly schema?: string;
  /** 32 by default. Fixed at the first migration. */
  readonly partitions?: number;
  /** The service's own migrations, in order. They run with the search path set to its schema. */
  readonly migrations: readonly Migration[];
  /** What the service records and reads, for those who need to find its messages. */
  readonly contracts: readonly { readonly role: ContractRole; readonly type: string }[];
}

export type ContractRole = "publishes" | "sends" | "accepts" | "handles";

const defaultPartitions = 32;
const libraryMigrations = [foundation, operationVersions, sagas, projectionRebuilds, inbox];

/**
 * Installs a service or brings it up to date, in one transaction: either all of it happens or nothing. Safe when
 * several processes do it at once (they queue on an advisory lock), and when nothing is left to do.
 *
 * @param client a connection of its own, outside a transaction
 * @returns the store, with the number of partitions that it was installed with
 * @throws TidingsError `migration-changed`, `schema-too-new`, `partitions-changed`
 */
export async function migrateService(client: ClientBase, plan: MigrationPlan): Promise<Store> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock(1414480969, 0)");
    await createRegistry(client);
    const store = await registerService(client, plan);
    await client.query(`create schema if not exists ${quoteIdentifier(store.schema)}`);
    await client.query(`create table if not exists ${store.table("migrations")} (
      name text primary key, checksum text not null, applied_at timestamptz not null default now())`);
    await apply(
      client,
      store,
      "tidings/",
      libraryMigrations.map(({ name, sql }) => ({ name, sql: sql(store) })),
    );
    await client.query("select set_config('search_path', $1, true)", [quoteIdentifier(store.schema)]);
    await apply(client, store, "service/", plan.migrations);
    await client.query("commit");
    return store;
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

async function createRegistry(client: ClientBase): Promise<void> {
  await client.query(`
    create schema if not exists tidings;
    create table if not exists tidings.services (
      name text primary key, schema text not null unique, partitions smallint not null,
      installed_at timestamptz not null default now());
    create table if not exists tidings.contracts (
      service text not null references tidings.services (name), role text not null, type text not null,
      primary key (service, role, type));
    create table if not exists tidings.subscriptions (
      subscription text not null, service text not null references tidings.services (name), source text not null,
      primary key (subscription, source));
    create table if not exists tidings.secrets (name text primary key, value bytea not null);`);
}

async function registerService(client: ClientBase, plan: MigrationPlan): Promise<Store> {
  const wanted = storeOf(plan.service, plan.partitions ?? defaultPartitions, plan.schema);
  await client.query(
    "insert into tidings.services (name, schema, partitions) values ($1, $2, $3) on conflict do nothing",
    [wanted.service, wanted.schema, wanted.partitions],
  );
  const { rows } = await client.query("select schema, partitions from tidings.services where name = $1", [
    plan.service,
  ]);
  const installed = rows[0] as { schema: string; partitions: number };
  if (plan.partitions !== undefined && installed.partitions !== plan.partitions) {
    throw new TidingsError(
      "partitions-changed",
      `Service ${plan.service} was installed with ${installed.partitions} partitions, not ${plan.partitions}.`,
    );
  }
  await client.query("delete from tidings.contracts where service = $1", [plan.service]);
  await client.query(
    "insert into tidings.contracts (service, role, type) select $1, role, type from unnest($2::text[], $3::text[]) c (role, type) on conflict do nothing",
    [plan.service, plan.contracts.map(({ role }) => role), plan.contracts.map(({ type }) => type)],
  );
  return storeOf(plan.service, installed.partitions, installed.schema);
}

async function apply(
  client: ClientBase,
  store: Store,
  prefix: string,
  migrations: readonly Migration[],
): Promise<void> {
  const { rows } = await client.query<{ name: string; checksum: string }>(
    `select name, checksum from ${store.table("migrations")} where starts_with(name, $1)`,
    [prefix],
  );
  const applied = new Map(rows.map(({ name, checksum }) => [name, checksum]));
  for (const { name, sql } of migrations) {
    const checksum = createHash("sha256").update(sql).digest("hex");
    const before = applied.get(prefix + name);
    applied.delete(prefix + name);
    if (before === checksum) continue;
    if (before)
      throw new TidingsError(
        "migration-changed",
        `Migration ${name} of ${store.service} was changed after it had been applied.`,
      );
    await client.query(sql);
    await client.query(`insert into ${store.table("migrations")} (name, checksum) values ($1, $2)`, [
      prefix + name,
      checksum,
    ]);
  }
  const [unknown] = applied.keys();
  if (unknown) {
    throw new TidingsError(
      "schema-too-new",
      `The database of ${store.service} has the migration ${unknown}, which this program does not know.`,
    );
  }
}
