import type { ClientBase } from "pg";
import { relayName } from "./relay/relay-name.ts";
import { outboxLog, receiptsSuffix, type SourceLog } from "./source-log.ts";
import { type Store, storeOf } from "./store.ts";

type Queryable = Pick<ClientBase, "query">;

/** Which services are installed in this database, who records what for whom, and who reads whose log. */
export interface Registry {
  readonly stores: ReadonlyMap<string, Store>;
  /** The services that may send a command, by its type. */
  readonly senders: ReadonlyMap<string, readonly string[]>;
  readonly subscriptions: readonly RegisteredSubscription[];
}

export interface RegisteredSubscription {
  readonly subscription: string;
  readonly service: string;
  readonly source: string;
  /** Whether the service reacts to events of the source; else to its commands, replies and reports of progress alone. */
  readonly isOfEvents: boolean;
}

export async function readRegistry(client: Queryable): Promise<Registry> {
  const services = await client.query("select name, schema, partitions from tidings.services");
  const contracts = await client.query("select service, type from tidings.contracts where role = 'sends'");
  const subscriptions = await client.query<RegisteredSubscription>(
    `select s.subscription, s.service, s.source, exists (
       select from tidings.contracts c where c.service = s.service and c.role = 'handles'
         and starts_with(c.type, s.source || '.') and c.type !~ '\\.(Reply|OperationProgressed)$')
         and s.subscription <> '${relayName}' as "isOfEvents"
     from tidings.subscriptions s`,
  );
  return {
    stores: new Map(services.rows.map((row) => [row.name, storeOf(row.name, row.partitions, row.schema)])),
    senders: new Map(
      [...Map.groupBy(contracts.rows, (row) => row.type as string)].map(([type, rows]) => [
        type,
        rows.map((row) => row.service as string),
      ]),
    ),
    subscriptions: subscriptions.rows,
  };
}

/** The services whose logs a subscription reads, or has read. */
export function sourcesReadBy({ subscriptions }: Registry, subscription: string): string[] {
  return subscriptions.filter((entry) => entry.subscription === subscription).map(({ source }) => source);
}

/**
 * Makes a subscription known and gives it cursors at the beginning of what the log still holds. Safe to repeat and to
 * do in several processes at once.
 */
export async function registerSubscription(
  client: Queryable,
  store: Store,
  subscription: string,
  source: SourceLog,
): Promise<void> {
  await client.query(
    "insert into tidings.subscriptions (subscription, service, source) values ($1, $2, $3) on conflict do nothing",
    [subscription, store.service, source.service],
  );
  await client.query(
    `insert into ${store.table("cursors")} (subscription, source, partition)
     select $1, $2, partition from generate_series(0, $3::int - 1) partition on conflict do nothing`,
    [subscription, source.service, source.partitions],
  );
}

/**
 * Forgets a subscription that no program runs any more, with its cursors, parked and archived messages, so that it no longer
 * keeps the log from being shortened. One that a program still runs begins anew when that program starts again.
 */
export async function removeSubscription(
  client: Queryable,
  store: Store,
  subscription: string,
  source: string,
): Promise<void> {
  await client.query(
    `with subscription as (
       delete from tidings.subscriptions where subscription = $1 and source = $2
     ), cursors as (
       delete from ${store.table("cursors")} where subscription = $1 and source = $2
     ), receipts as (
       delete from ${store.table("cursors")} where subscription = $1 || '${receiptsSuffix}' and source = $2
     ), inbox as (
       delete from ${store.table("inbox")} where subscription = $1 and source = $2
     ), archive as (
       delete from ${store.table("archive")} where subscription = $1 and source = $2
     ), archived_sources as (
       delete from ${store.table("archived_sources")} where subscription = $1 and source = $2
     )
     delete from ${store.table("parked")} where subscription = $1 and source = $2`,
    [subscription, source],
  );
}

/** The highest committed position in each partition of a log. */
export function readHeads(client: Queryable, source: Store): Promise<Map<number, number>> {
  return readLogHeads(client, outboxLog(source), "");
}

/** The highest position that there is for a subscription to read in each partition of a log. */
export async function readLogHeads(
  client: Queryable,
  source: SourceLog,
  subscription: string,
): Promise<Map<number, number>> {
  const { rows } = await client.query<{ partition: number; head: string | null }>({
    name: `tidings_heads ${source.name}`,
    text: `select c.partition, (select max(o.position) from ${source.rows} o where o.partition = c.partition) as head
      from (select $2::text as subscription, p as partition from generate_series(0, $3::int - 1) p) c
      where $1::text is not null`,
    values: [source.service, subscription, source.partitions],
  });
  return new Map(rows.filter((row) => row.head !== null).map((row) => [row.partition, Number(row.head)]));
}
