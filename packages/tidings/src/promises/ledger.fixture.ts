import type { StandardSchemaV1 } from "@standard-schema/spec";
import { defineEvent, type MessageOf, on, type Transaction } from "@tidings/core";
import type { Pool } from "pg";
import { defineService, type Service, type ServiceOptions } from "../define-service.ts";
import type { Host } from "../host.ts";

/** The version of an account counts its changes: the row lock on the account makes version order commit order. */
export interface Change {
  readonly key: string;
  readonly version: number;
}

export const changeSchema: StandardSchemaV1<unknown, Change> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const { key, version } = (value ?? {}) as Partial<Change>;
      if (typeof key === "string" && typeof version === "number") return { value: { key, version } };
      return { issues: [{ message: "is not a change" }] };
    },
  },
};

export const Changed = defineEvent("ledger.Changed", { key: "key", schema: changeSchema });

/** Changes its accounts, and says so. */
export const ledger = defineService("ledger", {
  publishes: [Changed],
  migrations: [
    { name: "0001-accounts", sql: "create table accounts (key text primary key, version int not null)" },
  ],
});

/** Changes an account in a transaction and publishes its new version. */
export async function changeIn(tx: Transaction, key: string): Promise<number> {
  const { rows } = await tx.query<{ version: number }>(
    "insert into accounts values ($1, 1) on conflict (key) do update set version = accounts.version + 1 returning version",
    [key],
  );
  const version = rows[0]?.version ?? 0;
  tx.publish(Changed, { key, version });
  return version;
}

export function change(host: Host, key: string): Promise<number> {
  return host.transaction("ledger", (tx) => changeIn(tx, key));
}

/** An effect has no unique key: a message that takes effect twice is seen as two rows. `place` is the order of effect. */
export const effectsMigration = {
  name: "0001-effects",
  sql: "create table effects (place bigserial primary key, message uuid not null, key text not null, version int not null, by text not null)",
};

export async function keep(
  event: MessageOf<typeof Changed>,
  tx: Transaction,
  by = "follower",
): Promise<void> {
  const { key, version } = event.data;
  await tx.query("insert into effects (message, key, version, by) values ($1, $2, $3, $4)", [
    event.id,
    key,
    version,
    by,
  ]);
}

/** Keeps each change as an effect. @param options override what it reacts to and how */
export function follower(options: ServiceOptions = {}): Service {
  return defineService("follower", {
    reacts: [on(Changed, (event, tx) => keep(event, tx))],
    migrations: [effectsMigration],
    ...options,
  });
}

/** Names keys `<prefix>0`, `<prefix>1`… */
export function keysOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

/** By key: the versions in the order in which they took effect. */
export async function versionsByKey(pool: Pool, by = "follower"): Promise<Map<string, number[]>> {
  const { rows } = await pool.query<Change>(
    "select key, version from follower.effects where by = $1 order by place",
    [by],
  );
  return new Map(
    [...Map.groupBy(rows, ({ key }) => key)].map(([key, changes]) => [
      key,
      changes.map(({ version }) => version),
    ]),
  );
}

/** By key: 1, 2, 3… up to the version that its account has. What {@link versionsByKey} is to become. */
export async function committedByKey(pool: Pool): Promise<Map<string, number[]>> {
  const { rows } = await pool.query<Change>("select key, version from ledger.accounts");
  return new Map(
    rows.map(({ key, version }) => [key, Array.from({ length: version }, (_, index) => index + 1)]),
  );
}

export async function countEffects(pool: Pool): Promise<number> {
  const { rows } = await pool.query("select count(*)::int as count from follower.effects");
  return rows[0].count;
}
