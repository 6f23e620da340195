import type { Pool } from "pg";
import { readCursors } from "./cursors.ts";
import { type Registry, readHeads } from "./registry.ts";
import { outboxLog, type Routes } from "./source-log.ts";
import { quoteIdentifier, type Store } from "./store.ts";

/**
 * The outbox is cut by position into parts of this size. Four empty parts lie ahead at most, so that recording never
 * waits for one; parts that every subscriber has passed are detached and dropped, never deleted row by row.
 */
export const outboxPartSize = 1_000_000;
const partsAhead = 4;
/** Detaching waits for the transactions that use the outbox; when one stays open, the next run goes on with it. */
const longestWaitMs = 1_000;

interface Part {
  readonly number: number;
  readonly pendingDetach: boolean;
}

/**
 * Keeps the outbox's parts: creates the next ones, drops those that have been passed.
 * One process at a time does it (others return at once); a process that dies in the middle leaves nothing that the
 * next run does not finish. `attach` and `detach concurrently` lock out neither readers nor writers.
 *
 * @param passed the position that every subscription has passed in every partition, or null to drop nothing
 * @returns how many parts were created and dropped
 */
export async function maintainOutboxParts(
  pool: Pool,
  store: Store,
  passed: number | null,
): Promise<{ created: number; dropped: number }> {
  const maintained = await whileAlone(pool, store, async (client) => {
    const parts = await listParts(client, store);
    const head = await headOf(client, store);
    const created = await createParts(client, store, parts, Math.floor(head / outboxPartSize));
    const dropped = await dropParts(client, store, parts, passed);
    await dropDetached(client, store, Math.floor(head / outboxPartSize));
    return { created, dropped };
  });
  return maintained ?? { created: 0, dropped: 0 };
}

/** Lends a connection to one process at a time, for the upkeep of a store. @returns undefined when another one is at it */
export async function whileAlone<Result>(
  pool: Pool,
  store: Store,
  work: (client: Client) => Promise<Result>,
): Promise<Result | undefined> {
  const client = await pool.connect();
  try {
    const lock = [store.locks.outbox, -1];
    const { rows } = await client.query("select pg_try_advisory_lock($1, $2) as mine", lock);
    if (!rows[0]?.mine) return undefined;
    try {
      await client.query(`set statement_timeout = ${longestWaitMs}`);
      return await work(client);
    } finally {
      await client.query("reset statement_timeout");
      await client.query("select pg_advisory_unlock($1, $2)", lock);
    }
  } finally {
    client.release();
  }
}

type Client = Pick<Pool, "query">;

async function listParts(client: Client, store: Store): Promise<Part[]> {
  const { rows } = await client.query(
    `select substring(c.relname from '[0-9]+$')::bigint as number, i.inhdetachpending as pending
     from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass order by 1`,
    [store.table("outbox")],
  );
  return rows.map((row) => ({ number: Number(row.number), pendingDetach: row.pending }));
}

async function headOf(client: Client, store: Store): Promise<number> {
  const { rows } = await client.query(`select last_value from ${store.table("outbox_position")}`);
  return Number(rows[0].last_value);
}

async function createParts(
  client: Client,
  store: Store,
  parts: readonly Part[],
  current: number,
): Promise<number> {
  const existing = new Set(parts.map(({ number }) => number));
  let created = 0;
  for (let part = current; part <= current + partsAhead; part++) {
    if (existing.has(part)) continue;
    const table = store.table(`outbox_part_${part}`);
    const [from, to] = [part * outboxPartSize, (part + 1) * outboxPartSize];
    await client.query(`create table if not exists ${table} (like ${store.table("outbox")} including all)`);
    await client.query(
      `alter table ${store.table("outbox")} attach partition ${table} for values from (${from}) to (${to})`,
    );
    created++;
  }
  return created;
}

async function dropParts(
  client: Client,
  store: Store,
  parts: readonly Part[],
  passed: number | null,
): Promise<number> {
  let dropped = 0;
  for (const { number, pendingDetach } of parts) {
    const table = store.table(`outbox_part_${number}`);
    const isPassed = passed !== null && (number + 1) * outboxPartSize <= passed;
    if (!pendingDetach && !isPassed) continue;
    const how = pendingDetach ? "finalize" : "concurrently";
    if (!(await detachPart(client, store.table("outbox"), table, how))) break;
    await client.query(`drop table ${table}`);
    dropped++;
  }
  return dropped;
}

/** @returns false when a transaction that has used the table stays open; the part is then out of new queries' sight. */
export async function detachPart(
  client: Client,
  parent: string,
  part: string,
  how: "finalize" | "concurrently",
): Promise<boolean> {
  try {
    await client.query(`alter table ${parent} detach partition ${part} ${how}`);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === statementTimedOut) return false;
    throw error;
  }
}

const statementTimedOut = "57014";

/** Drops what a process that died between `detach` and `drop` left behind. */
async function dropDetached(client: Client, store: Store, current: number): Promise<void> {
  const { rows } = await client.query(
    `select relname from pg_class where relnamespace = $1::regnamespace and relkind = 'r' and not relispartition
       and relname ~ '^tidings_outbox_part_[0-9]+$' and substring(relname from '[0-9]+$')::bigint < $2`,
    [quoteIdentifier(store.schema), current],
  );
  for (const { relname } of rows)
    await client.query(`drop table ${quoteIdentifier(store.schema)}.${quoteIdentifier(relname)}`);
}

/**
 * The position up to which every subscription has read everything, and below which nothing can be committed any more;
 * null when nobody reads the log.
 *
 * A partition whose subscribers have read all that is committed counts as passed, unless a transaction that has drawn
 * a position in it is still open: such a one holds the partition's lock, which is therefore tried here.
 */
export async function readPassed(
  pool: Pool,
  source: Store,
  registry: Registry,
  routes: Routes,
): Promise<number | null> {
  const readers = registry.subscriptions.filter((entry) => {
    const reader = registry.stores.get(entry.service);
    return entry.source === source.service && (!reader || routes(reader, source.service)?.kind === "outbox");
  });
  if (readers.length === 0) return null;
  const client = await pool.connect();
  let isDone = false;
  try {
    await client.query("begin");
    const { rows } = await client.query<{ partition: number; quiet: boolean }>(
      `select p as partition, pg_try_advisory_xact_lock_shared($1, p) as quiet from generate_series(0, $2::int - 1) p`,
      [source.locks.outbox, source.partitions],
    );
    const heads = await readHeads(client, source);
    await client.query("commit");
    const quiet = new Set(rows.filter((row) => row.quiet).map((row) => row.partition));
    const passed = await lowestUnread(client, source, { readers, stores: registry.stores }, { heads, quiet });
    isDone = true;
    return passed;
  } finally {
    client.release(!isDone);
  }
}

async function lowestUnread(
  client: Client,
  source: Store,
  { readers, stores }: { readonly readers: Registry["subscriptions"]; readonly stores: Registry["stores"] },
  { heads, quiet }: { readonly heads: ReadonlyMap<number, number>; readonly quiet: ReadonlySet<number> },
): Promise<number> {
  let passed = Math.max(0, ...heads.values());
  for (const { subscription, service } of readers) {
    const store = stores.get(service);
    if (!store) return 0;
    const rows = await readCursors(client, store, outboxLog(source), [subscription]);
    for (const { partition, position } of rows) {
      const hasReadAll = quiet.has(partition) && position >= (heads.get(partition) ?? 0);
      if (!hasReadAll) passed = Math.min(passed, position);
    }
  }
  return passed;
}
