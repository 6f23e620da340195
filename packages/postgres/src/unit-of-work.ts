import type { Writable } from "node:stream";
import type { AggregateRoot, Cause, Clock, Message, Transaction, View } from "@tidings/core";
import { TidingsError } from "@tidings/core";
import { partitionOf } from "@tidings/core/internal";
import type { ClientBase, Pool, QueryConfig, QueryResult } from "pg";
import { isConnectionLost } from "./connection.ts";
import { isInterruption, isStalePlan } from "./errors.ts";
import { keepAlive } from "./keep-alive.ts";
import type { PartitionQueues } from "./partition-queues.ts";
import { type PendingMark, PendingWrites, type ReadyWrites, statementsFor } from "./pending-writes.ts";
import { recordMessages } from "./record-messages.ts";
import type { Store } from "./store.ts";

/** What a service is to its transactions: where it stores, what it may record, which views follow its aggregates. */
export interface ServiceContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly views: readonly View[];
  /** The message types that the service declares to record; a type that is not in it is refused. */
  readonly records: ReadonlySet<string>;
  /** Aborted when the host closes its connections under what still runs. */
  readonly stopped?: AbortSignal;
  /** The writers of this process to each partition. */
  readonly queues?: PartitionQueues;
  /** Told of each commit, right after it. */
  committed?: (commit: Commit) => void;
  /** Refuses to record: what is handled was handled before, and its messages were recorded then. */
  readonly isRebuilding?: boolean;
  /** Runs a transaction on a connection that no other kind of transaction uses, and wakes who reads what it recorded. */
  readonly apart?: RunApart;
}

/** What a commit has brought: the messages that it recorded, the operations that it changed. */
export interface Commit {
  readonly messages: readonly Message[];
  readonly operations: ReadonlySet<string>;
}

export type RunApart = <Result>(cause: Cause, work: (tx: Transaction) => Promise<Result>) => Promise<Result>;

interface ClientWithStream extends ClientBase {
  readonly connection?: { readonly stream?: Writable };
}

interface Savepoint {
  readonly pending: PendingMark;
  readonly roots: ReadonlyMap<string, AggregateRoot<unknown>>;
}

/** The highest position that a transaction recorded in each partition of its service's outbox. */
export type Positions = ReadonlyMap<number, number>;

/**
 * One database transaction and what it has yet to write.
 *
 * States: idle → begun (first statement) → committed | rolled back. `begin` travels with the first statement; the
 * buffered events and messages travel with the `commit`, in one pipelined round trip, so the partition locks are held
 * for the length of a commit. If the process or the connection dies at any moment before the server has carried out
 * the commit, the server rolls back all of it.
 */
export class UnitOfWork {
  readonly client: ClientBase;
  readonly context: ServiceContext;
  /** Loaded aggregates by stream, with the events that this transaction appended. */
  readonly roots = new Map<string, AggregateRoot<unknown>>();
  /** The ids of the operations that this transaction has changed. */
  readonly operations = new Set<string>();
  /** The version at which each stream was loaded. */
  readonly loadedVersions = new Map<string, number>();
  /** Made when somebody asks for the signal, which few do. */
  #abort: AbortController | undefined;
  #abortReason: Error | undefined;
  #isAbandoned = false;
  readonly #pending = new PendingWrites();
  #savepoint: Savepoint | undefined;
  #begun: Promise<unknown> | undefined;
  #endKeepAlive: () => void = () => {};
  #failure: { error: unknown } | undefined;
  #isCorked = false;
  #inFlight = 0;
  #busySince = 0;
  #busyMs = 0;
  #closed = false;

  constructor(client: ClientBase, context: ServiceContext) {
    this.client = client;
    this.context = context;
  }

  /** Aborted when the transaction is abandoned or rolled back, or the host has stopped without it. */
  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#abortReason) this.#abort.abort(this.#abortReason);
    }
    const { stopped } = this.context;
    return stopped ? AbortSignal.any([this.#abort.signal, stopped]) : this.#abort.signal;
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /**
   * Runs one statement in call order. Its failure fails the transaction also when nobody awaits it.
   * @throws TidingsError `transaction-closed`
   */
  query<Row extends object>(query: QueryConfig): Promise<QueryResult<Row & Record<string, never>>> {
    if (this.#closed) throw new TidingsError("transaction-closed");
    this.#cork();
    if (!this.#begun) {
      this.#begun = this.#track(this.client.query("begin"));
      this.#endKeepAlive = keepAlive(this);
    }
    return this.#track(this.client.query<Row & Record<string, never>>(query));
  }

  /** Statements of one turn of the event loop leave in one write: the system call costs more than the statement. */
  #cork(): void {
    const stream = (this.client as ClientWithStream).connection?.stream;
    if (!stream || this.#isCorked) return;
    this.#isCorked = true;
    stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }

  /** Remembers the first failure of a statement, so that one that nobody awaits still fails the transaction. */
  #track<T>(result: Promise<T>): Promise<T> {
    if (this.#inFlight++ === 0) this.#busySince = performance.now();
    const settled = () => {
      if (--this.#inFlight === 0) this.#busyMs += performance.now() - this.#busySince;
    };
    result.then(settled, (error: unknown) => {
      this.#failure ??= { error };
      settled();
    });
    return result;
  }

  /** Says to the server that the transaction is still in use, if it has heard nothing of it for a while. */
  touch(): void {
    if (!this.#closed && this.#inFlight === 0) this.client.query("select 1").catch(() => {});
  }

  /** How long statements were under way so far: the rest of the time the transaction waited for its user. */
  get busyMs(): number {
    return this.#busyMs + (this.#inFlight > 0 ? performance.now() - this.#busySince : 0);
  }

  /** The error of the first statement that failed, which those of later statements only follow. */
  get firstFailure(): unknown {
    return this.#failure?.error;
  }

  /** Whether its connection has a prepared statement that no longer works, so that it has to be thrown away. */
  get hasStalePlan(): boolean {
    return isStalePlan(this.#failure?.error);
  }

  /**
   * The interruption behind an error, if there is one: it is not the fault of what was done in this transaction, which
   * may be repeated as it is. Statements that follow the interrupted one fail with errors of their own.
   */
  interruptionBehind(error: unknown): { readonly error: unknown } | undefined {
    const isLost = isConnectionLost(this.client);
    const candidates = [this.#failure, { error }].filter((candidate) => candidate !== undefined);
    return candidates.find((candidate) => isInterruption(candidate.error, isLost));
  }

  /** @throws TidingsError `transaction-closed` */
  assertOpen(): void {
    if (this.#closed) throw new TidingsError("transaction-closed");
  }

  /** What is to be written by the commit. @throws TidingsError `transaction-closed`, `rebuild-must-not-record` */
  get pending(): PendingWrites {
    if (this.context.isRebuilding) throw new TidingsError("rebuild-must-not-record");
    if (this.#closed) throw new TidingsError("transaction-closed");
    return this.#pending;
  }

  /** A point to which {@link rollbackToSavepoint} returns: what was written and buffered since then is forgotten. */
  savepoint(): void {
    void this.query({ text: "savepoint tidings" });
    this.#savepoint = { pending: this.#pending.mark(), roots: new Map(this.roots) };
  }

  async rollbackToSavepoint(): Promise<void> {
    const point = this.#savepoint;
    if (!point) throw new Error("There is no savepoint to roll back to.");
    await this.query({ text: "rollback to savepoint tidings" });
    this.#failure = undefined;
    this.#pending.resetTo(point.pending);
    this.roots.clear();
    for (const [stream, root] of point.roots) this.roots.set(stream, root);
  }

  /** Keeps what was written since the savepoint. */
  releaseSavepoint(): void {
    void this.query({ text: "release savepoint tidings" });
    this.#savepoint = undefined;
  }

  /**
   * Writes what is buffered and commits. @param last statements that belong to the commit, for example moved cursors
   * @returns the positions of the recorded messages
   * @throws the first error of any statement; then nothing has happened
   */
  async commit(last: readonly QueryConfig[] = []): Promise<Positions> {
    const writes = await this.#pending.whenReady();
    this.#assertSound();
    const { store, queues } = this.context;
    const leave = await queues?.enter(writes.messages.map(({ key }) => partitionOf(key, store.partitions)));
    const recorded = this.#flush(writes, last);
    if (this.#begun === undefined) return noPositions;
    this.#close();
    const committed = this.#track(this.client.query("commit"));
    const [written, answer] = await Promise.allSettled([recorded, committed]).finally(leave);
    this.#assertSound();
    const command = answer.status === "fulfilled" ? answer.value.command : "an error";
    if (command !== "COMMIT")
      throw new Error(`The transaction was not committed: the server answered ${command}.`);
    this.context.committed?.({ messages: writes.messages, operations: this.operations });
    return written.status === "fulfilled" && written.value ? positionsOf(written.value) : noPositions;
  }

  #assertSound(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Sends the buffered writes without waiting; a failure of any of them makes the commit that follows a rollback. */
  #flush(writes: ReadyWrites, last: readonly QueryConfig[]) {
    const { store } = this.context;
    for (const statement of [...statementsFor(store, writes, this.roots.values()), ...last])
      void this.query(statement);
    if (writes.messages.length === 0) return undefined;
    return this.query<{ partition: number; position: string }>(recordMessages(store, writes.messages));
  }

  /** From now on every use of the transaction fails; for a handler that did not finish in its time. */
  abandon(reason: Error): void {
    this.#close();
    this.#isAbandoned = true;
    this.#endSignal(reason);
  }

  #close(): void {
    this.#closed = true;
    this.#endKeepAlive();
  }

  #endSignal(reason: Error): void {
    this.#abortReason = reason;
    this.#abort?.abort(reason);
  }

  /** Ends the transaction without effect. Safe to call at any time, also after a lost connection. */
  async rollback(): Promise<void> {
    if (this.#closed) return;
    this.#close();
    this.#endSignal(rolledBack);
    if (this.#begun !== undefined) await this.client.query("rollback");
  }
}

/**
 * Lends a function a unit of work on a connection of the pool. What the function has not committed when it returns or
 * throws is rolled back; a connection that cannot be rolled back is thrown away.
 */
export async function useUnit<Result>(
  pool: Pool,
  context: ServiceContext,
  use: (unit: UnitOfWork) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  const unit = new UnitOfWork(client, context);
  try {
    return await use(unit);
  } finally {
    const { isAbandoned } = unit;
    const isClean = await unit.rollback().then(
      () => true,
      () => false,
    );
    client.release(isAbandoned || !isClean || unit.hasStalePlan);
  }
}

const rolledBack = new TidingsError("transaction-closed");
const noPositions: Positions = new Map();

function positionsOf(result: QueryResult<{ partition: number; position: string }>): Positions {
  const positions = new Map<number, number>();
  for (const { partition, position } of result.rows) positions.set(partition, Number(position));
  return positions;
}
