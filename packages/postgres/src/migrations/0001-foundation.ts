import { outboxPartSize } from "../retention.ts";
import type { Store } from "../store.ts";

/** The first version of a service's tables. */
export const foundation = {
  name: "0001-foundation",
  sql: (store: Store) => `
create sequence ${store.table("outbox_position")};

-- The outbox: an ordered log. Inside a partition, position order is commit order (see record-messages.ts).
create table ${store.table("outbox")} (
  partition smallint not null,
  position bigint not null,
  id uuid not null,
  kind text not null,
  type text not null,
  version smallint not null,
  key text not null,
  time timestamptz not null,
  correlation_id uuid not null,
  causation_id uuid,
  headers json not null,
  data json not null,
  primary key (partition, position)
) partition by range (position);
${[0, 1, 2, 3].map((part) => createFirstPart(store, part)).join("\n")}

create sequence ${store.table("events_position")};
create table ${store.table("events")} (
  stream text not null,
  version integer not null,
  partition smallint not null,
  position bigint not null,
  id uuid not null,
  type text not null,
  time timestamptz not null,
  correlation_id uuid not null,
  caused_by json not null,
  data json not null,
  constraint tidings_events_stream_version primary key (stream, version)
);
create unique index tidings_events_position_index on ${store.table("events")} (partition, position);

create table ${store.table("snapshots")} (
  stream text primary key,
  version integer not null,
  schema_version integer not null,
  state json not null
);

-- How far each subscription has come in each partition of a source: the highest position counts (see cursors.ts).
create table ${store.table("cursors")} (
  subscription text not null,
  source text not null,
  partition smallint not null,
  position bigint not null default 0,
  primary key (subscription, source, partition, position)
);

-- Messages that failed, and those of the same key that wait behind them. The first of a key is its head: it is
-- 'retrying' (due at next_attempt_at) or 'dead' (waits for a person); the others are 'waiting'.
create table ${store.table("parked")} (
  subscription text not null,
  source text not null,
  partition smallint not null,
  position bigint not null,
  key text not null,
  message_id uuid not null,
  message json not null,
  state text not null check (state in ('retrying', 'dead', 'waiting')),
  attempts integer not null default 0,
  next_attempt_at timestamptz,
  error json,
  parked_at timestamptz not null,
  failed_at timestamptz,
  primary key (subscription, source, partition, position)
);
create index tidings_parked_key on ${store.table("parked")} (subscription, source, key, position);
create index tidings_parked_due on ${store.table("parked")} (next_attempt_at) where state = 'retrying';
create index tidings_parked_message on ${store.table("parked")} (message_id);

-- What a person dropped or replaced by an edited message: kept, so that it can be restored.
create table ${store.table("dropped")} (
  subscription text not null,
  source text not null,
  partition smallint not null,
  position bigint not null,
  message_id uuid not null,
  message json not null,
  error json,
  reason text not null,
  dropped_at timestamptz not null
);

create table ${store.table("scheduled")} (
  id uuid primary key,
  due_at timestamptz not null,
  message json not null
);
create index tidings_scheduled_due on ${store.table("scheduled")} (due_at, id);

create table ${store.table("idempotency")} (
  caller text not null,
  key text not null,
  fingerprint bytea not null,
  status smallint not null,
  headers json not null,
  body json,
  expires_at timestamptz not null,
  primary key (caller, key)
);
create index tidings_idempotency_expiry on ${store.table("idempotency")} (expires_at);

create table ${store.table("operations")} (
  id uuid primary key,
  kind text not null,
  owner text,
  done boolean not null default false,
  metadata json not null,
  steps json not null,
  response json,
  error json,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  expires_at timestamptz not null
);
create index tidings_operations_expiry on ${store.table("operations")} (expires_at);
`,
};

function createFirstPart(store: Store, part: number): string {
  const from = part * outboxPartSize;
  return `create table ${store.table(`outbox_part_${part}`)} partition of ${store.table("outbox")} for values from (${from}) to (${from + outboxPartSize});`;
}
