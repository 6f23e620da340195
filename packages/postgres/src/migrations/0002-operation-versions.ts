import type { Store } from "../store.ts";

/** Operations count their changes, so that whoever follows one knows what it has seen. */
export const operationVersions = {
  name: "0002-operation-versions",
  sql: (store: Store) =>
    `alter table ${store.table("operations")} add column version integer not null default 1;`,
};
