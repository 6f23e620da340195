import type { Cause, SagaInstance } from "@tidings/core";
import { hasEnded, nextDeadline, stuckAt } from "@tidings/core/internal";
import type { QueryConfig } from "pg";
import type { Store } from "../store.ts";

/** Which instance of which saga. */
export interface SagaKey {
  readonly saga: string;
  readonly id: string;
}

/** An instance as it is stored. */
export interface StoredSaga extends SagaKey {
  readonly instance: SagaInstance;
  /** Raised with every move. */
  readonly version: number;
  /** The chain that it belongs to: what it sends carries it on. */
  readonly cause: Cause;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

/** A row of the table, as the driver reads it. */
export interface SagaRow {
  readonly saga: string;
  readonly id: string;
  readonly definition: number;
  readonly version: number;
  readonly status: SagaInstance["status"];
  readonly aborted: boolean;
  readonly reason: string | null;
  readonly state: unknown;
  readonly steps: SagaInstance["steps"];
  readonly cause: Cause;
  readonly started_at: Date;
  readonly updated_at: Date;
  readonly ended_at: Date | null;
}

export const sagaColumns =
  "saga, id, definition, version, status, aborted, reason, state, steps, cause, started_at, updated_at, ended_at";

export function storedSagaOf(row: SagaRow): StoredSaga {
  const { saga, id, definition, status, aborted, reason, state, steps } = row;
  return {
    saga,
    id,
    version: row.version,
    instance: { id, definition, status, aborted, state, steps, ...(reason !== null && { reason }) },
    cause: row.cause,
    startedAt: row.started_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
  };
}

/** Locks instances, in one order for everybody, until the transaction ends. */
export function lockSagas(store: Store, keys: readonly SagaKey[]): QueryConfig {
  return {
    name: "tidings_lock_sagas",
    text: `select ${sagaColumns} from ${store.table("sagas")}
      where (saga, id) in (select * from unnest($1::text[], $2::text[])) order by saga, id for update`,
    values: [keys.map(({ saga }) => saga), keys.map(({ id }) => id)],
  };
}

/** Locks instances whose deadline has passed, earliest first; those that somebody else works on are passed over. */
export function lockOverdueSagas(
  store: Store,
  {
    known,
    now,
    limit,
  }: { readonly known: readonly KnownVersion[]; readonly now: Date; readonly limit: number },
): QueryConfig {
  return {
    text: `select ${sagaColumns} from ${store.table("sagas")}
      where deadline_at <= $1 and (saga, definition) in (select * from unnest($2::text[], $3::int[]))
      order by deadline_at limit $4 for update skip locked`,
    values: [now, known.map(({ saga }) => saga), known.map(({ version }) => version), limit],
  };
}

/** A definition that this program has. */
export interface KnownVersion {
  readonly saga: string;
  readonly version: number;
}

/** Stores new instances; returns the keys of those that nobody else has stored before. */
export function insertSagas(store: Store, sagas: readonly StoredSaga[]): QueryConfig {
  return {
    name: "tidings_insert_sagas",
    text: `insert into ${store.table("sagas")} (${writtenColumns}) select * from unnest(${writtenTypes})
      on conflict (saga, id) do nothing returning saga, id`,
    values: valuesOf(sagas),
  };
}

/** Stores the next state of locked instances. */
export function updateSagas(store: Store, sagas: readonly StoredSaga[]): QueryConfig {
  return {
    name: "tidings_update_sagas",
    text: `update ${store.table("sagas")} s
      set version = n.version, status = n.status, aborted = n.aborted, reason = n.reason, state = n.state,
        steps = n.steps, deadline_at = n.deadline_at, stuck_since = n.stuck_since, updated_at = n.updated_at,
        ended_at = n.ended_at
      from unnest(${writtenTypes}) n (${writtenColumns}) where s.saga = n.saga and s.id = n.id`,
    values: valuesOf(sagas),
  };
}

const written: Readonly<Record<string, readonly [type: string, value: (saga: StoredSaga) => unknown]>> = {
  saga: ["text", ({ saga }) => saga],
  id: ["text", ({ id }) => id],
  definition: ["int", ({ instance }) => instance.definition],
  version: ["int", ({ version }) => version],
  status: ["text", ({ instance }) => instance.status],
  aborted: ["boolean", ({ instance }) => instance.aborted],
  reason: ["text", ({ instance }) => instance.reason ?? null],
  state: ["json", ({ instance }) => JSON.stringify(instance.state)],
  steps: ["json", ({ instance }) => JSON.stringify(instance.steps)],
  cause: ["json", ({ cause }) => JSON.stringify(cause)],
  deadline_at: ["timestamptz", ({ instance }) => nextDeadline(instance)],
  stuck_since: ["timestamptz", ({ instance }) => stuckAt(instance)?.since ?? null],
  started_at: ["timestamptz", ({ startedAt }) => startedAt],
  updated_at: ["timestamptz", ({ updatedAt }) => updatedAt],
  ended_at: ["timestamptz", ({ instance, updatedAt }) => (hasEnded(instance) ? updatedAt : null)],
};

const writtenColumns = Object.keys(written).join(", ");
const writtenTypes = Object.values(written)
  .map(([type], index) => `$${index + 1}::${type}[]`)
  .join(", ");

function valuesOf(sagas: readonly StoredSaga[]): unknown[] {
  return Object.values(written).map(([, value]) => sagas.map(value));
}
