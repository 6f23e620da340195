import type { Saga, SagaInstance, StuckStep, Transaction } from "@tidings/core";
import { type SagaInput, stuckAt } from "@tidings/core/internal";
import type { Pool } from "pg";
import type { ServiceTransaction } from "../service-transaction.ts";
import type { Store } from "../store.ts";
import { moveSagas } from "./move-sagas.ts";
import { type SagaRow, sagaColumns, storedSagaOf } from "./saga-table.ts";

/** An instance as an operator sees it. */
export interface SagaOverview extends SagaInstance {
  readonly saga: string;
  readonly stuck: StuckStep | undefined;
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
}

/** Which instances to list: newest first, `limit` (50) of them, before this one. */
export interface SagaFilter {
  readonly saga?: string;
  readonly status?: SagaInstance["status"];
  readonly isStuck?: boolean;
  readonly limit?: number;
  readonly before?: { readonly startedAt: Date; readonly id: string };
}

/** A saga, whatever its state. */
type AnySaga = Pick<Saga, "name" | "versions">;

/** Lists a service's instances. */
export async function listSagas(
  pool: Pick<Pool, "query">,
  store: Store,
  { saga, status, isStuck, limit = 50, before }: SagaFilter = {},
): Promise<SagaOverview[]> {
  const { rows } = await pool.query<SagaRow>(
    `select ${sagaColumns} from ${store.table("sagas")}
     where ($1::text is null or saga = $1) and ($2::text is null or status = $2)
       and ($3::boolean is null or (stuck_since is not null) = $3)
       and ($4::timestamptz is null or (started_at, id) < ($4, $5))
     order by started_at desc, id desc limit $6`,
    [saga, status, isStuck, before?.startedAt, before?.id, limit],
  );
  return rows.map(overviewOf);
}

/** One instance, or undefined. */
export async function readSaga(
  pool: Pick<Pool, "query">,
  store: Store,
  saga: string,
  id: string,
): Promise<SagaOverview | undefined> {
  const text = `select ${sagaColumns} from ${store.table("sagas")} where saga = $1 and id = $2`;
  const { rows } = await pool.query<SagaRow>(text, [saga, id]);
  return rows[0] && overviewOf(rows[0]);
}

function overviewOf(row: SagaRow): SagaOverview {
  const { instance, saga, startedAt, updatedAt, endedAt } = storedSagaOf(row);
  return { ...instance, saga, stuck: stuckAt(instance), startedAt, updatedAt, endedAt };
}

/**
 * Sends again what an instance is stuck at, as often as at first. Nothing happens when it is not stuck.
 * @param tx a transaction of the service that runs the saga
 */
export function resumeSaga(tx: Transaction, saga: AnySaga, id: string): Promise<void> {
  return moveOne(tx, saga, id, { type: "resume" });
}

/**
 * Tells an instance to stop at its next step and undo. Nothing happens when its pivot is done, or it has ended.
 * @param tx a transaction of the service that runs the saga
 */
export function abortSaga(tx: Transaction, saga: AnySaga, id: string, reason: string): Promise<void> {
  return moveOne(tx, saga, id, { type: "abort", reason, evolve: (state) => state });
}

function moveOne(tx: Transaction, saga: AnySaga, id: string, input: SagaInput): Promise<void> {
  const { store } = tx as ServiceTransaction;
  const event = { saga: saga.name, id, input, cause: tx.cause };
  return moveSagas(tx as ServiceTransaction, store, new Map([[saga.name, saga as Saga]]), [event]);
}
