import type { Store } from "../store.ts";

/** The instances of a service's sagas. Their rows change with every step, so each page keeps room for new versions. */
export const sagas = {
  name: "0003-sagas",
  sql: (store: Store) => `
create table ${store.table("sagas")} (
  saga text not null,
  id text not null,
  definition integer not null,
  version integer not null,
  status text not null,
  aborted boolean not null,
  reason text,
  state json not null,
  steps json not null,
  cause json not null,
  deadline_at timestamptz,
  stuck_since timestamptz,
  started_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at timestamptz,
  primary key (saga, id)
) with (fillfactor = 60);
create index tidings_sagas_deadline on ${store.table("sagas")} (deadline_at) where deadline_at is not null;
create index tidings_sagas_stuck on ${store.table("sagas")} (stuck_since) where stuck_since is not null;
create index tidings_sagas_ended on ${store.table("sagas")} (ended_at) where ended_at is not null;
`,
};
