import { createHash } from "node:crypto";
import { TidingsError } from "@tidings/core";
import { quoteIdentifier, type Store } from "../store.ts";

/** Runs one statement in the transaction at hand. */
export type Run = <Row>(text: string, values?: readonly unknown[]) => Promise<{ readonly rows: Row[] }>;

/** Which tables a projection's handlers write, and where they are made anew beside the ones that are read. */
export interface RebuildPlace {
  readonly store: Store;
  readonly projection: string;
  readonly tables: readonly string[];
}

const longestIdentifier = 63;

/** The schema of the tables that are being made; a name that would be too long ends in a hash. */
function rebuildSchema({ store, projection }: Pick<RebuildPlace, "store" | "projection">): string {
  const name = `${store.schema}__rebuild_${projection}`;
  if (Buffer.byteLength(name) <= longestIdentifier) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 12);
  return `${store.schema}__rebuild_${hash}`;
}

/** The search path under which handlers find the new tables first, and the rest of the service behind them. */
export function rebuildSearchPath(place: RebuildPlace): string {
  return `${quoteIdentifier(rebuildSchema(place))}, ${quoteIdentifier(place.store.schema)}`;
}

/**
 * Refuses tables that cannot be exchanged for others without a loss.
 * @throws TidingsError `projection-not-rebuildable`, naming all that is in the way
 */
export async function assertRebuildable(run: Run, place: RebuildPlace): Promise<void> {
  const { rows } = await run<{ obstacle: string }>(obstacles, [place.store.schema, place.tables]);
  if (rows.length === 0) return;
  const found = rows.map(({ obstacle }) => obstacle).join(", ");
  throw new TidingsError(
    "projection-not-rebuildable",
    `The projection ${place.projection} of ${place.store.service} cannot be rebuilt: ${found}.`,
  );
}

const obstacles = `
with named as (
  select t as name, c.oid, c.relkind, c.relispartition, c.relrowsecurity
  from unnest($2::text[]) t
  left join pg_class c on c.relnamespace = (select oid from pg_namespace where nspname = $1) and c.relname = t
)
select name || ' is not a table of the service' as obstacle from named where oid is null or relkind <> 'r'
union all select name || ' is part of another table' from named
  where relispartition or exists (select from pg_inherits where inhrelid = oid or inhparent = oid)
union all select name || ' has the foreign key ' || conname from named join pg_constraint on contype = 'f' and conrelid = named.oid
union all select name || ' is referred to by the foreign key ' || conname from named
  join pg_constraint on contype = 'f' and confrelid = named.oid and conrelid <> named.oid
union all select name || ' has the trigger ' || tgname from named join pg_trigger on tgrelid = named.oid and not tgisinternal
union all select name || ' has the rule ' || rulename from named join pg_rewrite on ev_class = named.oid
union all select name || ' has row-level security' from named where relrowsecurity
union all select name || ' is published for replication' from named where exists (select from pg_publication_rel where prrelid = oid)
union all select distinct name || ' is used by the view ' || v.relname from named
  join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = named.oid and d.classid = 'pg_rewrite'::regclass
  join pg_rewrite r on r.oid = d.objid and r.ev_class <> named.oid join pg_class v on v.oid = r.ev_class
union all select name || ' has the serial column ' || a.attname || ' (make it an identity)' from named
  join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = named.oid and d.deptype = 'a'
  join pg_class s on s.oid = d.objid and s.relkind = 'S'
  join pg_attribute a on a.attrelid = named.oid and a.attnum = d.refobjsubid`;

/** What tells whether a migration has changed the tables in the meantime. */
export async function structureOf(run: Run, { store, tables }: RebuildPlace): Promise<string> {
  const { rows } = await run<{ structure: string | null }>(
    `select md5(string_agg(part, E'\\n' order by part)) as structure from (
       select concat_ws(' ', c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
         a.attgenerated, pg_get_expr(d.adbin, d.adrelid)) as part
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
       where c.relnamespace = $1::regnamespace and c.relname = any($2)
       union all
       select pg_get_indexdef(i.indexrelid) from pg_class c join pg_index i on i.indrelid = c.oid
       where c.relnamespace = $1::regnamespace and c.relname = any($2)
       union all
       select concat_ws(' ', c.relname, k.conname, pg_get_constraintdef(k.oid)) from pg_class c join pg_constraint k on k.conrelid = c.oid
       where c.relnamespace = $1::regnamespace and c.relname = any($2)
     ) parts`,
    [quoteIdentifier(store.schema), tables],
  );
  return rows[0]?.structure ?? "";
}

/** Creates the empty tables in place of those that an earlier rebuild may have left. */
export async function createTables(run: Run, place: RebuildPlace): Promise<void> {
  await dropTables(run, place);
  await run(`create schema ${quoteIdentifier(rebuildSchema(place))}`);
  for (const table of place.tables) {
    await run(
      `create table ${fresh(place, table)} (like ${live(place, table)} including all excluding indexes)`,
    );
    for (const statement of await completion(run, place, table)) await run(statement);
  }
}

/**
 * The statements that give a new table what `like` does not copy, or copies under other names: its indexes with the
 * constraints on them, its settings, and who may use it.
 */
async function completion(run: Run, place: RebuildPlace, table: string): Promise<string[]> {
  const { rows } = await run<{ statement: string }>(
    `select format('alter table %s add constraint %I %s', $2::text, conname, pg_get_constraintdef(oid)) as statement
       from pg_constraint where conrelid = $1::regclass and contype in ('p', 'u', 'x')
     union all select overlay(pg_get_indexdef(i.indexrelid) placing $2::text
         from strpos(pg_get_indexdef(i.indexrelid), $3::text) + 4 for length($3::text) - 11)
       from pg_index i where i.indrelid = $1::regclass and i.indisvalid
       and not exists (select from pg_constraint where conindid = i.indexrelid and contype in ('p', 'u', 'x'))
     union all select format('alter table %s set (%s)', $2, array_to_string(reloptions, ', '))
       from pg_class where oid = $1::regclass and reloptions is not null
     union all select format('grant %s on %s to %s%s', a.privilege_type, $2,
         case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end,
         case when a.is_grantable then ' with grant option' else '' end)
       from pg_class c, aclexplode(c.relacl) a where c.oid = $1::regclass and a.grantee <> c.relowner`,
    [live(place, table), fresh(place, table), await definitionTarget(run, place, table)],
  );
  return rows.map(({ statement }) => statement);
}

/** How the definition of an index names its table. */
async function definitionTarget(run: Run, { store }: RebuildPlace, table: string): Promise<string> {
  const { rows } = await run<{ target: string }>(
    "select format(' ON %I.%I USING ', $1::text, $2::text) as target",
    [store.schema, table],
  );
  return rows[0]?.target ?? "";
}

/** Puts the new tables in place of the old ones. Whoever reads waits until this is committed, then reads the new. */
export async function swapTables(run: Run, place: RebuildPlace): Promise<void> {
  for (const table of place.tables) await run(`drop table ${live(place, table)}`);
  for (const table of place.tables)
    await run(`alter table ${fresh(place, table)} set schema ${quoteIdentifier(place.store.schema)}`);
  await dropTables(run, place);
}

/** Removes the new tables, if there are any. */
export async function dropTables(run: Run, place: RebuildPlace): Promise<void> {
  await run(`drop schema if exists ${quoteIdentifier(rebuildSchema(place))} cascade`);
}

/** Counts what this transaction has written to tables other than the new ones and the library's own. */
export async function writesElsewhere(run: Run, place: RebuildPlace): Promise<Map<string, number>> {
  const { rows } = await run<{ name: string; writes: string }>(
    `select schemaname || '.' || relname as name, n_tup_ins + n_tup_upd + n_tup_del as writes from pg_stat_xact_user_tables
     where schemaname <> $1 and not (schemaname = $2 and starts_with(relname, 'tidings_'))
       and n_tup_ins + n_tup_upd + n_tup_del > 0`,
    [rebuildSchema(place), place.store.schema],
  );
  return new Map(rows.map(({ name, writes }) => [name, Number(writes)]));
}

function live({ store }: RebuildPlace, table: string): string {
  return `${quoteIdentifier(store.schema)}.${quoteIdentifier(table)}`;
}

function fresh(place: RebuildPlace, table: string): string {
  return `${quoteIdentifier(rebuildSchema(place))}.${quoteIdentifier(table)}`;
}
