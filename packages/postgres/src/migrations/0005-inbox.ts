import type { Store } from "../store.ts";

/** What a service receives through a broker: copies of the messages that concern its subscriptions. */
export const inbox = {
  name: "0005-inbox",
  sql: (store: Store) => `
-- For each subscription the messages of other services' logs that concern it, at their positions (see inbox/receiver.ts).
-- It has one part for each hour (see inbox/inbox-parts.ts).
create table ${store.table("inbox")} (
  subscription text not null,
  source text not null,
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
  received_at timestamptz not null default clock_timestamp()
) partition by range (received_at);
create index tidings_inbox_position on ${store.table("inbox")} (subscription, source, partition, position);

-- Who receives for a subscription. An owner that does not renew its lease loses it to the next who asks.
create table ${store.table("leases")} (
  name text primary key,
  owner uuid not null,
  token bigint not null,
  expires_at timestamptz not null
);
`,
};
