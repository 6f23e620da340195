import type { Aggregate, AggregateRoot, DomainEvent } from "@tidings/core";
import { partitionOf, upcastEvent } from "@tidings/core/internal";
import type { ClientBase, QueryConfig } from "pg";
import type { Store } from "./store.ts";

/** An event about to be stored, or stored. */
export interface StoredEvent extends DomainEvent {
  readonly stream: string;
  readonly version: number;
  readonly id: string;
  readonly time: string;
  readonly correlationId: string;
  readonly causedBy: EventCause;
}

/** Who or what caused an event: a message being handled, or a request and its actor. */
export interface EventCause {
  readonly message?: string;
  readonly actor?: string;
}

export function streamOf(aggregate: Aggregate<never, never>, id: string): string {
  return `${aggregate.name}-${id}`;
}

/**
 * The statement that appends events, of any number of streams. It takes positions as the outbox does (see
 * record-messages.ts). A version that exists already fails with a unique violation of `tidings_events_stream_version`:
 * somebody else was faster.
 */
export function appendEvents(store: Store, events: readonly StoredEvent[]): QueryConfig {
  const column = <T>(value: (event: StoredEvent) => T): T[] => events.map(value);
  return {
    name: `tidings_append ${store.schema}`,
    text: `
with event as materialized (
  select * from unnest($1::text[], $2::int[], $3::smallint[], $4::uuid[], $5::text[], $6::timestamptz[], $7::uuid[], $8::json[], $9::json[])
    with ordinality e (stream, version, partition, id, type, time, correlation_id, caused_by, data, ordinal)
), locked as materialized (
  select pg_advisory_xact_lock(${store.locks.events}, partition)
  from (select distinct partition from event order by partition) sorted
)
insert into ${store.table("events")} (stream, version, partition, position, id, type, time, correlation_id, caused_by, data)
select stream, version, partition, nextval('${store.table("events_position")}'), id, type, time, correlation_id, caused_by, data
from event
where (select count(*) from locked) > 0
order by ordinal`,
    values: [
      column((event) => event.stream),
      column((event) => event.version),
      column((event) => partitionOf(event.stream, store.partitions)),
      column((event) => event.id),
      column((event) => event.type),
      column((event) => event.time),
      column((event) => event.correlationId),
      column((event) => JSON.stringify(event.causedBy)),
      column((event) => JSON.stringify(event.data)),
    ],
  };
}

/** The aggregate as its stored events make it, starting from a snapshot if there is one that still fits. */
export async function loadAggregate<State, Event extends DomainEvent>(
  client: ClientBase,
  store: Store,
  aggregate: Aggregate<State, Event>,
  id: string,
): Promise<AggregateRoot<State, Event>> {
  const stream = streamOf(aggregate as never, id);
  const snapshot =
    aggregate.snapshot && (await loadSnapshot<State>(client, store, stream, aggregate.snapshot.version));
  const { rows } = await client.query<{ version: number; type: string; data: unknown }>({
    name: `tidings_load ${store.schema}`,
    text: `select version, type, data from ${store.table("events")} where stream = $1 and version > $2 order by version`,
    values: [stream, snapshot?.version ?? 0],
  });
  let state = snapshot ? snapshot.state : aggregate.initial;
  for (const stored of rows) {
    for (const event of upcastEvent(aggregate, stored)) state = aggregate.evolve(state, event);
  }
  return { id, state, version: rows.at(-1)?.version ?? snapshot?.version ?? 0, aggregate };
}

async function loadSnapshot<State>(
  client: ClientBase,
  store: Store,
  stream: string,
  schemaVersion: number,
): Promise<{ version: number; state: State } | undefined> {
  const { rows } = await client.query<{ version: number; state: State }>({
    name: `tidings_snapshot ${store.schema}`,
    text: `select version, state from ${store.table("snapshots")} where stream = $1 and schema_version = $2`,
    values: [stream, schemaVersion],
  });
  return rows[0];
}

/** The statement that stores a snapshot, unless a later one is there. */
export function saveSnapshot(store: Store, root: AggregateRoot<unknown>): QueryConfig {
  return {
    name: `tidings_save_snapshot ${store.schema}`,
    text: `insert into ${store.table("snapshots")} as s (stream, version, schema_version, state) values ($1, $2, $3, $4)
      on conflict (stream) do update set version = excluded.version, schema_version = excluded.schema_version, state = excluded.state
      where s.version < excluded.version or s.schema_version <> excluded.schema_version`,
    values: [
      streamOf(root.aggregate as never, root.id),
      root.version,
      root.aggregate.snapshot?.version,
      JSON.stringify(root.state),
    ],
  };
}

/** One page of an aggregate's events, as they were stored. */
export async function readStream(
  client: Pick<ClientBase, "query">,
  store: Store,
  stream: string,
  page: { readonly afterVersion: number; readonly limit: number },
): Promise<StoredEvent[]> {
  const { rows } = await client.query(
    `select version, type, data, id, time, correlation_id, caused_by from ${store.table("events")}
     where stream = $1 and version > $2 order by version limit $3`,
    [stream, page.afterVersion, page.limit],
  );
  return rows.map((row) => ({
    stream,
    version: row.version,
    type: row.type,
    data: row.data,
    id: row.id,
    time: (row.time as Date).toISOString(),
    correlationId: row.correlation_id,
    causedBy: row.caused_by,
  }));
}
