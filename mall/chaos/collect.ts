import { type Query, withDatabase } from "./database.ts";

/** The database of a service, as somebody who may read all of it. */
export interface CollectedDatabase {
  readonly service: string;
  readonly url: string;
}

/** What is of no use to a check. */
const leftOut = ["tidings_idempotency", "tidings_snapshots", "tidings_archive", "tidings_leases"];

/** The schemas that several databases have: their tables are put together, without repetition. */
const shared = ["tidings", "chaos"];

const rowsAtOnce = 500;

/**
 * Copies the tables of all services, as they are in their own databases at one moment each, into one database in which
 * each service has a schema of its name. There, one query can see whether services agree. Of keys and indexes it has the
 * primary keys alone.
 */
export async function collectDatabases(databases: readonly CollectedDatabase[], into: string): Promise<void> {
  await withDatabase(into, async (target) => {
    for (const database of databases) {
      await withDatabase(database.url, (source) => collect(source, target, database.service));
    }
    const tables = await target<Table>(tablesQuery, [shared, []]);
    for (const { name } of tables) {
      await target(`delete from ${name} a using ${name} b where a.ctid > b.ctid and a::text = b::text`);
    }
    for (const { name } of await target<Table>(tablesQuery, [databases.map(({ service }) => service), []]))
      await target(`analyze ${name}`);
  });
}

async function collect(source: Query, target: Query, service: string): Promise<void> {
  await source("begin isolation level repeatable read read only");
  for (const table of await source<Table>(tablesQuery, [[service, ...shared], leftOut])) {
    await target(`create schema if not exists ${table.schema}`);
    await target(`create table if not exists ${table.name} (${table.columns})`);
    await copyRows(source, target, table);
    if (table.primaryKey && !shared.includes(table.schema))
      await target(`alter table ${table.name} add ${table.primaryKey}`);
  }
  await source("commit");
}

interface Table {
  readonly schema: string;
  /** With its schema, quoted. */
  readonly name: string;
  /** Its columns and their types, without those that are computed from others. */
  readonly columns: string;
  readonly primaryKey: string | null;
}

const tablesQuery = `
select quote_ident(n.nspname) as schema, format('%I.%I', n.nspname, c.relname) as name,
  (select string_agg(format('%I %s', a.attname, case when a.attgenerated = '' then format_type(a.atttypid, a.atttypmod) else 'text' end), ', '
     order by a.attnum)
   from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select pg_get_constraintdef(k.oid) from pg_constraint k where k.conrelid = c.oid and k.contype = 'p') as "primaryKey"
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any($1) and c.relname <> all($2)
order by 1, 2`;

/** Rows travel as the text of JSON, so that no number loses a digit on the way. */
async function copyRows(source: Query, target: Query, { name }: Table): Promise<void> {
  await source(`declare copied no scroll cursor for select to_json(t)::text as row from ${name} t`);
  for (;;) {
    const rows = await source<{ row: string }>(`fetch ${rowsAtOnce} from copied`);
    if (rows.length === 0) break;
    const json = `[${rows.map(({ row }) => row).join(",")}]`;
    await target(`insert into ${name} select * from json_populate_recordset(null::${name}, $1)`, [json]);
  }
  await source("close copied");
}
