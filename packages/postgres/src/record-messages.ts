import type { Message } from "@tidings/core";
import { partitionOf } from "@tidings/core/internal";
import type { QueryConfig } from "pg";
import type { Store } from "./store.ts";

/**
 * The statement that records messages. **Position order inside a partition is commit order** (P3, P4), because:
 *
 * 1. `locked` takes a transaction-scoped advisory lock for each partition it writes, in sorted order, so that two
 *    recorders cannot deadlock. The lock is freed by the server only after the commit is visible to everybody.
 * 2. Only then are positions drawn: the `where` is a one-time filter that needs all of `locked` before the first row.
 *    So a smaller position of the same partition is committed, or rolled back, before a larger one is drawn.
 * 3. The sequence has no cache, so positions are drawn in order.
 *
 * Whoever reads a partition by position therefore sees a prefix of it, and can never be overtaken.
 *
 * @param messages in the order in which they were recorded
 * @returns a statement whose rows are `{ partition, position }`, one for each message in order
 */
export function recordMessages(store: Store, messages: readonly Message[]): QueryConfig {
  return { name: `tidings_record ${store.schema}`, text: statement(store), values: columns(store, messages) };
}

const statements = new WeakMap<Store, string>();

function statement(store: Store): string {
  let text = statements.get(store);
  if (!text) {
    text = recordStatement(
      store,
      `select * from unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[], $5::smallint[],
    $6::text[], $7::timestamptz[], $8::uuid[], $9::uuid[], $10::json[], $11::json[])
    with ordinality m (partition, id, kind, type, version, key, time, correlation_id, causation_id, headers, data, ordinal)`,
    );
    statements.set(store, text);
  }
  return text;
}

/** The text of that statement. @param messages a query for the columns of the outbox, and `ordinal` for the order */
export function recordStatement(store: Store, messages: string): string {
  return `
with message as materialized (
  ${messages}
), locked as materialized (
  select pg_advisory_xact_lock(${store.locks.outbox}, partition)
  from (select distinct partition from message order by partition) sorted
)
insert into ${store.table("outbox")}
  (partition, position, id, kind, type, version, key, time, correlation_id, causation_id, headers, data)
select partition, nextval('${store.table("outbox_position")}'), id, kind, type, version, key, time, correlation_id,
  causation_id, headers, data
from message
where (select count(*) from locked) > 0
order by ordinal
returning partition, position`;
}

function columns(store: Store, messages: readonly Message[]): unknown[] {
  const column = <T>(value: (message: Message) => T): T[] => messages.map(value);
  return [
    column((message) => partitionOf(message.key, store.partitions)),
    column((message) => message.id),
    column((message) => message.kind),
    column((message) => message.type),
    column((message) => message.version),
    column((message) => message.key),
    column((message) => message.time),
    column((message) => message.correlationId),
    column((message) => message.causationId),
    column((message) => JSON.stringify(message.headers)),
    column((message) => JSON.stringify(message.data)),
  ];
}
