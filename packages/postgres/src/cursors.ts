import type { ClientBase, QueryConfig } from "pg";
import { receiptsSuffix, type SourceLog } from "./source-log.ts";
import { lockClass, type Store } from "./store.ts";

/**
 * Which partitions of which log one handler group reads.
 *
 * A cursor says how far it has come in one partition: the highest position in the rows that were inserted for it.
 * Moving it inserts a row and never updates one: an updated row leaves a dead version behind, which nobody can clear
 * away while somebody holds a snapshot (a backup), and through which every batch would have to search. The highest
 * entry of an index is found at once, whatever lies below it; {@link pruneCursors} removes that now and then.
 *
 * The lease on a partition is a transaction-scoped advisory lock. The server frees it when the transaction has ended,
 * also because its process died, and only after a commit is visible: who gets it next sees the moved cursor.
 */
export interface SubscriptionKey {
  readonly subscription: string;
  /** The log that is read. */
  readonly source: SourceLog;
  /** Where the cursors and the parked messages are. */
  readonly store: Store;
}

/** The lock class of a subscription's leases on a log; a lease is (class, partition). */
function leaseClass(store: Store, subscription: string, source: string): number {
  return lockClass(`lease:${store.schema}:${subscription}:${source}`);
}

/**
 * Leases those of the partitions that have something to read and that nobody else has. Its rows say of each partition
 * whether it was leased; null when there was nothing to read in it.
 */
export function tryLeases(
  { subscription, source, store }: SubscriptionKey,
  partitions: readonly number[],
): QueryConfig {
  return {
    name: `tidings_lease ${source.name}`,
    text: `
select c.partition, case when exists (
    select from ${source.rows} o where o.partition = c.partition and o.position > ${cursorPosition(store)}
  ) then pg_try_advisory_xact_lock($4, c.partition) end as leased
from (select $2::text as subscription, p as partition from unnest($3::smallint[]) p) c`,
    values: [source.service, subscription, partitions, leaseClass(store, subscription, source.service)],
  };
}

/** Waits for the lease on one partition. */
export function awaitLease(
  { subscription, source, store }: { subscription: string; source: { service: string }; store: Store },
  partition: number,
): QueryConfig {
  return {
    text: "select pg_advisory_xact_lock($1, $2::int)",
    values: [leaseClass(store, subscription, source.service), partition],
  };
}

/** Waits for this subscription's turn: until its end the transaction keeps others that also take turns waiting. */
export function takeTurn(key: SubscriptionKey): QueryConfig {
  return awaitLease(key, -1);
}

/** The SQL of a cursor's position, where `c` has the columns `subscription` and `partition` and $1 is the source. */
export function cursorPosition(store: Store): string {
  return `coalesce((select k.position from ${store.table("cursors")} k
    where k.subscription = c.subscription and k.source = $1 and k.partition = c.partition
    order by k.position desc limit 1), 0)`;
}

/** How far subscriptions of one service have come in each partition of a log. */
export async function readCursors(
  client: Pick<ClientBase, "query">,
  store: Store,
  source: SourceLog,
  subscriptions: readonly string[],
): Promise<{ subscription: string; partition: number; position: number }[]> {
  const { rows } = await client.query<{ subscription: string; partition: number; position: string }>({
    name: `tidings_cursors ${store.schema} ${source.kind}`,
    text: `select c.*, ${source.kind === "outbox" ? cursorPosition(store) : passedPosition(store, source)} as position
      from (select s as subscription, p as partition from unnest($2::text[]) s, generate_series(0, $3::int - 1) p) c`,
    values: [source.service, subscriptions, source.partitions],
  });
  return rows.map((row) => ({ ...row, position: Number(row.position) }));
}

/**
 * The SQL of the position up to which a subscription needs nothing more of its inbox: that before the first message that
 * it has not handled, or all that has been received. Its cursor stays where the last message was that concerned it.
 */
function passedPosition(store: Store, source: SourceLog): string {
  const cursor = cursorPosition(store);
  const received = cursor.replaceAll("c.subscription", `c.subscription || '${receiptsSuffix}'`);
  return `coalesce((
    select o.position - 1 from ${source.rows} o where o.partition = c.partition and o.position > ${cursor}
    order by o.position limit 1), ${received})`;
}

/** Moves cursors: the statement belongs to the transaction that holds their leases. */
export function moveCursors(
  { subscription, source, store }: SubscriptionKey,
  positions: ReadonlyMap<number, number>,
): QueryConfig {
  return {
    name: `tidings_move ${store.schema}`,
    text: `insert into ${store.table("cursors")} (subscription, source, partition, position)
      select $1, $2, * from unnest($3::smallint[], $4::bigint[])`,
    values: [subscription, source.service, [...positions.keys()], [...positions.values()]],
  };
}

/** Removes the rows that moved cursors have left behind. Safe at any time. */
export async function pruneCursors(client: Pick<ClientBase, "query">, store: Store): Promise<void> {
  const cursors = store.table("cursors");
  await client.query(`
    delete from ${cursors} k using (
      select subscription, source, partition, max(position) as position from ${cursors} group by 1, 2, 3
    ) latest
    where k.subscription = latest.subscription and k.source = latest.source and k.partition = latest.partition
      and k.position < latest.position`);
}
