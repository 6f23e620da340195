import type { Pool } from "pg";
import { cursorPosition } from "../cursors.ts";
import { detachPart, whileAlone } from "../retention.ts";
import { quoteIdentifier, type Store } from "../store.ts";

/**
 * The inbox has a part for each hour. Two lie ahead, so that receiving never waits for one; those of the past in which
 * no subscription has anything left to read are detached and dropped, never deleted row by row.
 */
const hoursAhead = 2;
/** Far longer than a message may be under way into the part of its hour when that ends. */
const graceMinutes = 10;

interface Part {
  readonly name: string;
  readonly isPast: boolean;
  readonly pendingDetach: boolean;
}

/** Creates the parts that are missing. Safe to do in several processes at once. */
export async function createInboxParts(client: Pick<Pool, "query">, store: Store): Promise<void> {
  const { rows } = await client.query<{ name: string; from: string; to: string }>(
    `select 'tidings_inbox_' || to_char(hour at time zone 'UTC', 'YYYYMMDDHH24') as name,
       hour::text as from, (hour + interval '1 hour')::text as to
     from generate_series(date_trunc('hour', now(), 'UTC'), now() + $1::int * interval '1 hour', interval '1 hour') hour
     where not exists (
       select from pg_class c where c.relnamespace = $2::regnamespace and c.relispartition
         and c.relname = 'tidings_inbox_' || to_char(hour at time zone 'UTC', 'YYYYMMDDHH24'))`,
    [hoursAhead, quoteIdentifier(store.schema)],
  );
  for (const { name, from, to } of rows) {
    const part = `${quoteIdentifier(store.schema)}.${quoteIdentifier(name)}`;
    await client.query(
      `select pg_advisory_xact_lock(${store.locks.outbox}, -2);
       create table if not exists ${part} partition of ${store.table("inbox")} for values from ('${from}') to ('${to}')`,
    );
  }
}

/**
 * Drops the parts of the past that every subscription has passed. @returns how many
 * @param minutes how long ago a part must have ended: what is being stored in it cannot be seen yet
 */
export async function dropInboxParts(pool: Pool, store: Store, minutes = graceMinutes): Promise<number> {
  const dropped = await whileAlone(pool, store, async (client) => {
    let count = 0;
    for (const { name, isPast, pendingDetach } of await listParts(client, store, minutes)) {
      if (!isPast || (!pendingDetach && (await isUnread(client, store, name)))) continue;
      const part = `${quoteIdentifier(store.schema)}.${quoteIdentifier(name)}`;
      const how = pendingDetach ? "finalize" : "concurrently";
      if (!(await detachPart(client, store.table("inbox"), part, how))) break;
      await client.query(`drop table ${part}`);
      count++;
    }
    await dropDetached(client, store);
    return count;
  });
  return dropped ?? 0;
}

/** Drops what a process that died between `detach` and `drop` left behind. */
async function dropDetached(client: Pick<Pool, "query">, store: Store): Promise<void> {
  const { rows } = await client.query<{ relname: string }>(
    `select relname from pg_class where relnamespace = $1::regnamespace and relkind = 'r' and not relispartition
       and relname ~ '^tidings_inbox_[0-9]{10}$'`,
    [quoteIdentifier(store.schema)],
  );
  for (const { relname } of rows)
    await client.query(`drop table ${quoteIdentifier(store.schema)}.${quoteIdentifier(relname)}`);
}

async function listParts(client: Pick<Pool, "query">, store: Store, minutes: number): Promise<Part[]> {
  const { rows } = await client.query<Part>(
    `select c.relname as name, i.inhdetachpending as "pendingDetach",
       c.relname < 'tidings_inbox_' || to_char((now() - $2::int * interval '1 minute') at time zone 'UTC', 'YYYYMMDDHH24')
         as "isPast"
     from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass order by 1`,
    [store.table("inbox"), minutes],
  );
  return rows;
}

/** Whether a subscription has yet to handle something of this part. Those that are not registered any more do not count. */
async function isUnread(client: Pick<Pool, "query">, store: Store, name: string): Promise<boolean> {
  const part = `${quoteIdentifier(store.schema)}.${quoteIdentifier(name)}`;
  const { rows } = await client.query<{ unread: boolean }>(
    `select exists (
       select from (
         select distinct k.subscription, k.source, k.partition from ${store.table("cursors")} k
         join tidings.subscriptions s on s.subscription = k.subscription and s.source = k.source and s.service = $1
       ) c
       where exists (
         select from ${part} i where i.subscription = c.subscription and i.source = c.source and i.partition = c.partition
           and i.position > ${cursorPosition(store).replaceAll("$1", "c.source")})
     ) as unread`,
    [store.service],
  );
  return rows[0]?.unread ?? true;
}
