import type { ReceivedEntry } from "@tidings/core";
import type { ClientBase, QueryConfig } from "pg";
import type { SubscriptionKey } from "../cursors.ts";
import { receiptsSuffix } from "../source-log.ts";
import { heldLease, type Lease } from "./leases.ts";

/**
 * What has been received of a log for a subscription. It is kept among the cursors: in each partition the position up to
 * which everything has been received, and in two that no log has, the place in the broker's stream, and a count.
 */
export interface Receipts {
  /** By partition. */
  readonly marks: ReadonlyMap<number, number>;
  /** The sequence up to which nothing is needed of the broker any more. */
  readonly sequence: number;
  /** How often something was stored: who stores next must know it, or does not know the marks either. */
  readonly count: number;
}

const ofSequence = -1;
const ofCount = -2;

/** What has been received so far. */
export async function readReceipts(
  client: Pick<ClientBase, "query">,
  { subscription, source, store }: SubscriptionKey,
): Promise<Receipts> {
  const { rows } = await client.query<{ partition: number; position: string }>(
    `select partition, max(position) as position from ${store.table("cursors")}
     where subscription = $1 and source = $2 group by partition`,
    [subscription + receiptsSuffix, source.service],
  );
  const positions = new Map(rows.map(({ partition, position }) => [partition, Number(position)]));
  const [sequence, count] = [positions.get(ofSequence) ?? 0, positions.get(ofCount) ?? 0];
  return { marks: new Map([...positions].filter(([partition]) => partition >= 0)), sequence, count };
}

/** What is to be stored at once. */
export interface Delivery {
  /** Those that concern the subscription. */
  readonly entries: readonly Pick<ReceivedEntry, "partition" | "position" | "message">[];
  /** The marks that move. */
  readonly marks: ReadonlyMap<number, number>;
  readonly sequence: number;
  /** The count so far. */
  readonly count: number;
}

/**
 * The statement that stores what was received: the entries, and how much has been received by them, together or not at
 * all. It has one row when that happened. It has none when the lease has passed to another process, or the count is not
 * the one given: then somebody else has stored, or the server has crashed and forgotten what was stored last. Of two that are
 * given the same count at the same moment (the first from a lost connection, whose server goes on), one stores: the other
 * waits for the row of the next count.
 *
 * It may be committed without waiting for the disk. What a crash forgets is received again, from where the database
 * then stands; and what has been handled is on the disk, because the handler's commit waits for all that came before.
 */
export function storeEntries(key: SubscriptionKey, lease: Lease, delivery: Delivery): QueryConfig {
  const { store, subscription, source } = key;
  const { entries, marks, sequence, count } = delivery;
  const held = heldLease(store, lease, 6);
  const column = <T>(value: (entry: Delivery["entries"][number]) => T): T[] => entries.map(value);
  const cursors = store.table("cursors");
  return {
    name: `tidings_store_entries ${store.schema}`,
    text: `
with allowed as materialized (
  select from (${held.text}) held
  where $5 = coalesce((select position from ${cursors}
    where subscription = $1 and source = $2 and partition = ${ofCount} order by position desc limit 1), 0)
), counted as (
  insert into ${cursors} (subscription, source, partition, position)
  select $1, $2, ${ofCount}, $5::bigint + 1 from allowed on conflict do nothing returning 1
), moved as (
  insert into ${cursors} (subscription, source, partition, position)
  select $1, $2, m.partition, m.position from unnest($3::smallint[], $4::bigint[]) m (partition, position)
  where exists (select from counted) on conflict do nothing
), stored as (
  insert into ${store.table("inbox")} (subscription, source, partition, position, id, kind, type, version, key, time,
    correlation_id, causation_id, headers, data)
  select $9, $2, e.* from unnest($10::smallint[], $11::bigint[], $12::uuid[], $13::text[], $14::text[], $15::smallint[],
    $16::text[], $17::timestamptz[], $18::uuid[], $19::uuid[], $20::json[], $21::json[]) e
  where exists (select from counted)
)
select 1 as stored from counted`,
    values: [
      subscription + receiptsSuffix,
      source.service,
      [...marks.keys(), ofSequence],
      [...marks.values(), sequence],
      count,
      ...(held.values ?? []),
      subscription,
      column(({ partition }) => partition),
      column(({ position }) => position),
      column(({ message }) => message.id),
      column(({ message }) => message.kind),
      column(({ message }) => message.type),
      column(({ message }) => message.version),
      column(({ message }) => message.key),
      column(({ message }) => message.time),
      column(({ message }) => message.correlationId),
      column(({ message }) => message.causationId),
      column(({ message }) => JSON.stringify(message.headers)),
      column(({ message }) => JSON.stringify(message.data ?? null)),
    ],
  };
}
