import type { Message } from "@tidings/core";
import type { QueryConfig } from "pg";
import { cursorPosition, type SubscriptionKey, tryLeases } from "./cursors.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** A message at its place in the log. */
export interface LoggedMessage {
  readonly partition: number;
  readonly position: number;
  /** Whether an earlier message of its key is parked, so that this one has to wait behind it. */
  readonly blocked: boolean;
  readonly message: Message;
}

/** What a batch holds, by partition. Only partitions whose lease this transaction holds are in it. */
export interface Batch {
  readonly partitions: ReadonlyMap<number, ClaimedPartition>;
  /** Those of the wanted types. */
  readonly messages: readonly LoggedMessage[];
  /** How many messages of any type were read. */
  readonly size: number;
}

export interface ClaimedPartition {
  /** Where the cursor stood. */
  readonly from: number;
  /** Where it will stand: the last message read, or `from`. */
  readonly to: number;
  /** Whether the limit was reached, so that more messages may follow. */
  readonly full: boolean;
}

/** The columns of a log that make a message. */
export interface MessageRow {
  id: string;
  kind: Message["kind"];
  type: string;
  version: number;
  key: string;
  time: Date;
  correlation_id: string;
  causation_id: string | null;
  headers: Message["headers"];
  data: unknown;
}

interface Row extends MessageRow {
  partition: number;
  cursor: string;
  position: string | null;
  blocked: boolean;
}

/**
 * Leases partitions and reads the next messages of each, in one round trip.
 *
 * The two statements are apart for a reason: in READ COMMITTED each sees what was committed when it began. The first
 * takes the leases (those that another instance holds are passed over); the second begins when they are held, so it sees every message and every parked key that the previous holder of the lease left behind.
 *
 * @param types only messages of these types come with their data and reach a handler, the others are passed by; all, when
 * it is null
 */
export async function claimBatch(
  unit: UnitOfWork,
  key: SubscriptionKey,
  types: readonly string[] | null,
  partitions: readonly number[],
  limit: number,
): Promise<Batch> {
  const claimed = unit.query<Lease>(tryLeases(key, partitions));
  const read = unit.query<Row>(readNext(key, types, partitions, limit));
  const leases = new Map((await claimed).rows.map(({ partition, leased }) => [partition, leased]));
  return toBatch((await read).rows, leases, {
    limit,
    source: key.source.service,
    types: types && new Set(types),
  });
}

function readNext(
  { subscription, source, store }: SubscriptionKey,
  types: readonly string[] | null,
  partitions: readonly number[],
  limit: number,
): QueryConfig {
  return {
    name: `tidings_read ${source.name}`,
    text: `
select c.partition, c.position as cursor, o.position, o.id, o.kind, o.type, o.version, o.key, o.time, o.correlation_id,
  o.causation_id, o.headers, case when $3::text[] is null or o.type = any ($3) then o.data end as data,
  exists (select from ${store.table("parked")} p where p.subscription = $2 and p.source = $1 and p.key = o.key) as blocked
from (
  select c.*, ${cursorPosition(store)} as position
  from (select $2::text as subscription, p as partition from unnest($4::smallint[]) p) c
) c
left join lateral (
  select * from ${source.rows} o
  where o.partition = c.partition and o.position > c.position
  order by o.position limit $5
) o on true
order by c.partition, o.position`,
    values: [source.service, subscription, types, partitions, limit],
  };
}

interface Lease {
  readonly partition: number;
  /** False when another instance has the partition, null when there was nothing to read in it. */
  readonly leased: boolean | null;
}

function toBatch(
  rows: readonly Row[],
  leases: ReadonlyMap<number, boolean | null>,
  { limit, source, types }: { limit: number; source: string; types: ReadonlySet<string> | null },
): Batch {
  const partitions = new Map<number, ClaimedPartition>();
  const counts = new Map<number, number>();
  const messages: LoggedMessage[] = [];
  let size = 0;
  for (const row of rows) {
    const { partition, blocked } = row;
    const leased = leases.get(partition);
    if (leased === false) continue;
    const from = Number(row.cursor);
    if (leased === null || row.position === null) {
      partitions.set(partition, { from, to: from, full: row.position !== null });
      continue;
    }
    const count = (counts.get(partition) ?? 0) + 1;
    const position = Number(row.position);
    size++;
    counts.set(partition, count);
    partitions.set(partition, { from, to: position, full: count === limit });
    if (!types || types.has(row.type))
      messages.push({ partition, position, blocked, message: toMessage(row, source) });
  }
  return { partitions, messages, size };
}

export function toMessage(row: MessageRow, source: string): Message {
  return {
    id: row.id,
    kind: row.kind,
    type: row.type,
    version: row.version,
    source,
    key: row.key,
    time: row.time.toISOString(),
    data: row.data,
    correlationId: row.correlation_id,
    causationId: row.causation_id,
    headers: row.headers,
  };
}

/**
 * What is left of a batch when not all of its messages were begun: each partition ends before the first that was not.
 * @param firstLeft the position of that first message, by partition
 */
export function cutBatch(batch: Batch, firstLeft: ReadonlyMap<number, number>): Batch {
  if (firstLeft.size === 0) return batch;
  const partitions = new Map(batch.partitions);
  for (const [partition, position] of firstLeft) {
    const claimed = partitions.get(partition) as ClaimedPartition;
    partitions.set(partition, { from: claimed.from, to: position - 1, full: true });
  }
  const messages = batch.messages.filter(
    ({ partition, position }) => position < (firstLeft.get(partition) ?? Number.POSITIVE_INFINITY),
  );
  return { partitions, messages, size: batch.size };
}

/** Where the cursors of a handled batch go. */
export function movesOf(batch: Batch): Map<number, number> {
  const moved = [...batch.partitions].filter(([, { from, to }]) => to > from);
  return new Map(moved.map(([partition, { to }]) => [partition, to]));
}
