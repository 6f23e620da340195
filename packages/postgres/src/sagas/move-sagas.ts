import { type Cause, type Message, type Saga, type SagaInstance, TidingsError, uuidv7 } from "@tidings/core";
import {
  advanceSaga,
  causeOf,
  hasEnded,
  type SagaContext,
  type SagaInput,
  type SagaMove,
  startSaga,
} from "@tidings/core/internal";
import type { ServiceTransaction } from "../service-transaction.ts";
import type { Store } from "../store.ts";
import { reportProgress } from "./report-progress.ts";
import {
  insertSagas,
  lockSagas,
  type SagaKey,
  type SagaRow,
  type StoredSaga,
  storedSagaOf,
  updateSagas,
} from "./saga-table.ts";

/** What happens to one instance, and the cause of what it sends because of it. */
export interface SagaEvent extends SagaKey {
  readonly input: SagaInput;
  readonly cause: Pick<Cause, "causationId" | "headers">;
  /** Only an instance that goes by this version of the definition is meant. */
  readonly definition?: number;
}

/**
 * Starts instances. In one transaction: store them → send the commands of their first steps. An event whose instance
 * exists starts nothing.
 */
export async function startSagas(
  tx: ServiceTransaction,
  store: Store,
  saga: Saga,
  events: readonly Message[],
): Promise<void> {
  const context = contextOf(tx);
  const starts = new Map<string, { readonly stored: StoredSaga; readonly move: SagaMove }>();
  for (const event of events.filter((one) => saga.starts(one))) {
    const move = startSaga(saga, event, context);
    const { id } = move.instance;
    const times = { startedAt: context.now, updatedAt: context.now, endedAt: null };
    const stored = {
      saga: saga.name,
      id,
      version: 1,
      instance: move.instance,
      cause: causeOf(event),
      ...times,
    };
    if (!starts.has(id)) starts.set(id, { stored, move });
  }
  if (starts.size === 0) return;
  const inOrder = [...starts.values()].sort((one, other) => (one.stored.id < other.stored.id ? -1 : 1));
  const { rows } = await tx.run<{ id: string }>(
    insertSagas(
      store,
      inOrder.map(({ stored }) => stored),
    ),
  );
  const inserted = new Set(rows.map(({ id }) => id));
  for (const [id, { stored, move }] of starts) {
    if (inserted.has(id)) emit(tx, saga, { before: undefined, stored, move, cause: stored.cause });
  }
}

/**
 * Moves instances on. In one transaction: lock them, in one order → decide about each input, in the order given →
 * store what has changed → send the commands. If the process dies, all of it happens again from the start.
 *
 * @throws TidingsError `saga-version-unknown`
 */
export async function moveSagas(
  tx: ServiceTransaction,
  store: Store,
  sagas: ReadonlyMap<string, Saga>,
  events: readonly SagaEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const { rows } = await tx.run<SagaRow>(lockSagas(store, events));
  await moveLocked(tx, store, sagas, { locked: rows.map(storedSagaOf), events });
}

/** Moves instances that are locked already. */
export async function moveLocked(
  tx: ServiceTransaction,
  store: Store,
  sagas: ReadonlyMap<string, Saga>,
  { locked, events }: { readonly locked: readonly StoredSaga[]; readonly events: readonly SagaEvent[] },
): Promise<void> {
  const context = contextOf(tx);
  const current = new Map(locked.map((stored) => [keyOf(stored), stored]));
  const changed = new Map<string, StoredSaga>();
  for (const { input, cause, definition, ...key } of events) {
    const stored = current.get(keyOf(key));
    if (!stored || hasEnded(stored.instance)) continue;
    const saga = definitionOf(sagas, stored);
    if (definition !== undefined && definition !== saga.version) continue;
    const move = advanceSaga(saga, stored.instance, input, context);
    if (move.instance === stored.instance) continue;
    const next = { ...stored, instance: move.instance, version: stored.version + 1, updatedAt: context.now };
    current.set(keyOf(key), next);
    changed.set(keyOf(key), next);
    const headers = { ...stored.cause.headers, ...traceOf(cause) };
    const chain = { correlationId: stored.cause.correlationId, causationId: cause.causationId, headers };
    emit(tx, saga, { before: stored.instance, stored: next, move, cause: chain });
  }
  if (changed.size > 0) await tx.run(updateSagas(store, [...changed.values()]));
}

interface Emission {
  readonly before: SagaInstance | undefined;
  readonly stored: StoredSaga;
  readonly move: SagaMove;
  readonly cause: Cause;
}

function emit(tx: ServiceTransaction, saga: Saga, { before, stored, move, cause }: Emission): void {
  for (const command of move.commands) tx.sendFor(`${stored.saga}/${stored.id}`, command, cause);
  reportProgress(tx, saga, { before, after: move.instance, cause });
}

function definitionOf(sagas: ReadonlyMap<string, Saga>, { saga, id, instance }: StoredSaga): Saga {
  const definition = sagas.get(saga)?.versions.get(instance.definition);
  if (definition) return definition;
  throw new TidingsError(
    "saga-version-unknown",
    `The saga ${saga} ${id} goes by version ${instance.definition}, which this program does not have.`,
  );
}

function contextOf(tx: ServiceTransaction): SagaContext {
  const now = tx.now();
  return { now, newId: () => uuidv7(now.getTime()) };
}

function traceOf({ headers: { traceparent, tracestate } }: Pick<Cause, "headers">) {
  return {
    ...(traceparent !== undefined && { traceparent }),
    ...(tracestate !== undefined && { tracestate }),
  };
}

function keyOf({ saga, id }: SagaKey): string {
  return `${saga}/${id}`;
}
