import type { Store } from "../store.ts";

/** What rebuildable projections keep: the messages that they have handled, and how far their rebuilds are. */
export const projectionRebuilds = {
  name: "0004-projection-rebuilds",
  sql: (store: Store) => `
-- The messages that a rebuildable projection has handled, in the order of \`entry\` (see rebuild/archive.ts).
create table ${store.table("archive")} (
  subscription text not null,
  entry bigint not null generated always as identity,
  source text not null,
  partition smallint not null,
  position bigint not null,
  message json not null,
  primary key (subscription, entry)
);

-- Since when a projection archives what it handles of a source, and whether that is all it has ever handled of it.
create table ${store.table("archived_sources")} (
  subscription text not null,
  source text not null,
  complete boolean not null,
  since timestamptz not null,
  primary key (subscription, source)
);

-- The last rebuild of each projection (see rebuild/rebuild-state.ts). 'running' → 'done', 'failed' or 'cancelled'.
create table ${store.table("rebuilds")} (
  subscription text primary key,
  id uuid not null,
  state text not null check (state in ('running', 'done', 'failed', 'cancelled')),
  structure text not null,
  entry bigint not null default 0,
  fence bigint not null default 0,
  handled bigint not null default 0,
  total bigint not null,
  rounds integer not null default 0,
  worked_ms double precision not null default 0,
  error json,
  started_at timestamptz not null,
  ended_at timestamptz
);
`,
};
