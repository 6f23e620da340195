import { type Transaction, uuidv7 } from "@tidings/core";
import type { Pool } from "pg";
import type { ServiceTransaction } from "./service-transaction.ts";
import { lockClass, type Store } from "./store.ts";

/**
 * Operations: a client's handle on an outcome that comes later (AIP-151).
 *
 * An operation is open until it is completed or failed, then it never changes again: a late report is ignored. A step
 * moves only forward, pending → running → done | failed → compensated. Every function that changes one runs in a
 * transaction of the service that keeps it, locks its row, and may be repeated.
 */
export type StepState = "pending" | "running" | "done" | "failed" | "compensated";

export interface OperationStep {
  readonly name: string;
  readonly state: StepState;
  /** When it came to that state, or null before it began. */
  readonly at: string | null;
}

/** An operation as it is answered. When done it has exactly one of `response` and `error`, a problem object. */
export interface Operation {
  readonly name: `operations/${string}`;
  readonly done: boolean;
  readonly metadata: OperationMetadata;
  readonly response?: unknown;
  readonly error?: unknown;
}

export interface OperationMetadata {
  readonly kind: string;
  readonly progressPercent: number;
  readonly steps: readonly OperationStep[];
  readonly createTime: string;
  readonly updateTime: string;
  /** What else the service told when it started the operation, for example `orderId`. */
  readonly [member: string]: unknown;
}

/** An operation with what is not shown of it. */
export interface StoredOperation {
  readonly id: string;
  /** 1 at its start, and one more with each change. */
  readonly version: number;
  readonly owner: string | undefined;
  readonly operation: Operation;
}

export interface NewOperation {
  /** A UUID; a new one when left out. */
  readonly id?: string;
  readonly kind: string;
  /** Who may see it; everybody who knows its id when left out. */
  readonly owner?: string;
  /** Shown beside the library's own members, which it cannot replace. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The names of its steps, in order. */
  readonly steps: readonly string[];
}

type Change = Pick<Row, "done" | "steps" | "response" | "error">;

interface Row {
  readonly id: string;
  readonly version: number;
  readonly kind: string;
  readonly owner: string | null;
  readonly done: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly steps: readonly OperationStep[];
  readonly response: unknown;
  readonly error: unknown;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const lifetimeMs = 30 * 24 * 60 * 60 * 1000;
const columns = "id, version, kind, owner, done, metadata, steps, response, error, created_at, updated_at";

/** Whoever commits the transaction tells those who follow the operation. */
function touch(tx: Transaction, id: string): void {
  (tx as ServiceTransaction).touchOperation(id);
}

/** Starts an operation, which is kept for 30 days after its last change. @returns it; its id is part of its name */
export async function startOperation(tx: Transaction, options: NewOperation): Promise<Operation> {
  const now = tx.now();
  const row: Row = {
    id: options.id ?? uuidv7(now.getTime()),
    version: 1,
    kind: options.kind,
    owner: options.owner ?? null,
    done: false,
    metadata: options.metadata ?? {},
    steps: options.steps.map((name) => ({ name, state: "pending", at: null })),
    response: null,
    error: null,
    created_at: now,
    updated_at: now,
  };
  const values = [
    row.id,
    row.kind,
    row.owner,
    JSON.stringify(row.metadata),
    JSON.stringify(row.steps),
    now,
    operationExpiry(now),
  ];
  await tx.query(
    `insert into tidings_operations (id, kind, owner, metadata, steps, created_at, updated_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $6, $7)`,
    values,
  );
  touch(tx, row.id);
  return storedOperation(row).operation;
}

/** An operation of the service whose transaction this is, or undefined. */
export async function readOperation(tx: Transaction, id: string): Promise<Operation | undefined> {
  const { rows } = await tx.query<Row>(`select ${columns} from tidings_operations where id = $1`, [id]);
  return rows[0] && storedOperation(rows[0]).operation;
}

/** The id in an operation's name, as messages carry it. */
export function operationId(operation: Operation): string {
  return operation.name.slice("operations/".length);
}

/** A step moves only to a state of a higher order. */
export const stepOrder: Readonly<Record<StepState, number>> = {
  pending: 0,
  running: 1,
  done: 2,
  failed: 2,
  compensated: 3,
};

/** Reports how far a step is. Ignored when the step is as far already, or the operation is done or unknown. */
export async function reportStep(tx: Transaction, id: string, step: string, state: StepState): Promise<void> {
  await change(tx, id, ({ steps, ...row }, at) => {
    const known = steps.find(({ name }) => name === step);
    if (known && stepOrder[known.state] >= stepOrder[state]) return undefined;
    const next = { name: step, state, at };
    return {
      ...row,
      steps: known ? steps.map((other) => (other === known ? next : other)) : [...steps, next],
    };
  });
}

/** Ends an operation well; its open steps count as done. Ignored when it is done or unknown. */
export async function completeOperation(tx: Transaction, id: string, response: unknown): Promise<void> {
  await change(tx, id, (row, at) => ({
    ...row,
    done: true,
    steps: row.steps.map((step) =>
      stepOrder[step.state] < stepOrder.done ? { ...step, state: "done", at } : step,
    ),
    response: response ?? {},
  }));
}

/** Ends an operation badly, with a problem object; its running steps count as failed. Ignored when it is done or unknown. */
export async function failOperation(tx: Transaction, id: string, problem: object): Promise<void> {
  await change(tx, id, (row, at) => ({
    ...row,
    done: true,
    steps: row.steps.map((step) => (step.state === "running" ? { ...step, state: "failed", at } : step)),
    error: problem,
  }));
}

/** Changes an open operation under its row lock; `decide` returns undefined when there is nothing to change. */
async function change(
  tx: Transaction,
  id: string,
  decide: (row: Row, at: string) => Change | undefined,
): Promise<void> {
  const { rows } = await tx.query<Row>(
    `select ${columns} from tidings_operations where id = $1 and not done for update`,
    [id],
  );
  const now = tx.now();
  const next = rows[0] && decide(rows[0], now.toISOString());
  if (!next) return;
  const json = (value: unknown) => (value === null ? null : JSON.stringify(value));
  await tx.query(
    `update tidings_operations set version = version + 1, done = $2, steps = $3, response = $4, error = $5, updated_at = $6, expires_at = $7
     where id = $1`,
    [
      id,
      next.done,
      JSON.stringify(next.steps),
      json(next.response),
      json(next.error),
      now,
      operationExpiry(now),
    ],
  );
  touch(tx, id);
}

/** Until when an operation is kept that changes now. */
export function operationExpiry(now: Date): Date {
  return new Date(now.getTime() + lifetimeMs);
}

/**
 * Finds operations in the stores of one database, with one statement.
 *
 * @param known by the same index, the version that is known of each: one that is still at it is left out
 */
export async function readOperations(
  pool: Pick<Pool, "query">,
  stores: readonly Store[],
  wanted: { readonly ids: readonly string[]; readonly known?: readonly number[] },
): Promise<StoredOperation[]> {
  const { ids, known = ids.map(() => 0) } = wanted;
  if (stores.length === 0) return [];
  const one = (store: Store) =>
    `select o.* from wanted w join (select ${columns} from ${store.table("operations")}) o
      on o.id = w.id and o.version <> w.version`;
  const { rows } = await pool.query<Row>({
    name: `tidings_operations ${lockClass(stores.map(({ schema }) => schema).join())}`,
    text: `with wanted as (select * from unnest($1::uuid[], $2::int[]) w (id, version))
      ${stores.map(one).join(" union all ")}`,
    values: [ids, known],
  });
  return rows.map(storedOperation);
}

function storedOperation(row: Row): StoredOperation {
  const operation: Operation = {
    name: `operations/${row.id}`,
    done: row.done,
    metadata: {
      ...row.metadata,
      kind: row.kind,
      progressPercent: row.done ? 100 : progressOf(row.steps),
      steps: row.steps,
      createTime: row.created_at.toISOString(),
      updateTime: row.updated_at.toISOString(),
    },
    ...(row.response !== null && { response: row.response }),
    ...(row.error !== null && { error: row.error }),
  };
  return { id: row.id, version: row.version, owner: row.owner ?? undefined, operation };
}

function progressOf(steps: readonly OperationStep[]): number {
  const finished = steps.filter(({ state }) => stepOrder[state] >= stepOrder.done).length;
  return steps.length === 0 ? 0 : Math.floor((finished / steps.length) * 100);
}
