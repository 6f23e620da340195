import type { Aggregate, AggregateRoot, AnyOf, DomainEvent } from "./aggregate.ts";
import type { CommandContract, DataOf, EventContract } from "./contract.ts";
import type { Cause, Message } from "./message.ts";
import type { Refusal } from "./refusal.ts";

/** Rows of a query. */
export interface QueryResult<Row> {
  readonly rows: Row[];
  readonly rowCount: number;
}

export interface RecordOptions {
  /** Instead of the contract's own key. */
  readonly key?: string;
  /** The operation that what follows reports to; inherited from what is being handled when left out. */
  readonly operationId?: string;
  /** The message that caused this one. Only needed where it is not obvious: in a batch handler. */
  readonly causedBy?: Message;
}

export interface LoadOptions {
  /** Refuse to go on (`stale-version`) unless the aggregate is at this version. */
  readonly expectedVersion?: number | undefined;
}

/**
 * One database transaction of one service: the only way to change its data and to record messages.
 *
 * Messages and domain events are buffered and written by one statement each just before the commit, so they exist if
 * and only if the transaction commits; what the function returns is returned after the commit. The function may run
 * again after a conflict: it must not touch anything but the transaction. It may not be used after it has returned.
 */
export interface Transaction {
  /** The service's name. */
  readonly service: string;
  /** The chain that this transaction continues. */
  readonly cause: Cause;
  /** Aborted when the handler's time is up, or the transaction has ended without a commit: pass it to whatever waits. */
  readonly signal: AbortSignal;

  /** The current time, from the host's clock. */
  now(): Date;

  /**
   * Runs one parameterised statement in the service's schema. Statements run in call order, also when they are not
   * awaited one by one (they are pipelined); an error fails the whole transaction.
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;

  /**
   * Records an event. @returns its id.
   * @throws TidingsError `contract-not-declared`; `message-invalid` when the data does not match (nothing is recorded)
   */
  publish<C extends EventContract>(contract: C, data: DataOf<C>, options?: RecordOptions): string;

  /** Records a command to the contract's owner; its reply comes back to this service. @returns the command's id. */
  send<C extends CommandContract>(contract: C, data: DataOf<C>, options?: RecordOptions): string;

  /**
   * Records a message at a later time: at `at` or as soon after it as the poller comes by (about 1 s), also after
   * restarts. @returns its id, for {@link cancelScheduled}.
   */
  schedule<C extends EventContract | CommandContract>(
    at: Date,
    contract: C,
    data: DataOf<C>,
    options?: RecordOptions,
  ): string;

  /** @returns whether the message was still waiting; false once it has been recorded. */
  cancelScheduled(id: string): Promise<boolean>;

  /**
   * Runs a function in a transaction of its own, on another connection, that commits at once whatever becomes of this
   * one: for a note about an effect outside of the database (mail, HTTP), before and after it. It does not see what
   * this transaction has not committed yet, and must not touch rows that this one has changed (it would wait for
   * itself). It continues the same cause; what it records is delivered as soon as it has committed.
   *
   * Once begun it goes on to its end, also when this transaction is given up meanwhile. Like any transaction its function
   * may run again after a conflict, it rolls back when the function returns a refusal, and an error rejects it alone.
   * These transactions have connections of their own, one more than there are for batches: a further one waits, 5 s
   * at most, so an apart transaction that runs another inside should be one of a few.
   *
   * @returns what the function returns, after the commit
   * @throws TidingsError `transaction-closed` when this transaction has ended or was given up; what the function throws
   */
  apart<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>;

  /**
   * The aggregate with this id as this transaction sees it, its own appended events included. An aggregate without
   * events has version 0 and the initial state.
   */
  load<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    options?: LoadOptions,
  ): Promise<AggregateRoot<State, Event>>;

  /**
   * Appends events to a loaded aggregate and writes the views that follow it. When another transaction appends to
   * the same aggregate first, this one is rolled back and its function runs again (a few times).
   * @returns the aggregate after the events
   */
  append<State, Event extends DomainEvent>(
    root: AggregateRoot<State, Event>,
    events: readonly NoInfer<Event>[],
  ): Promise<AggregateRoot<State, Event>>;

  /**
   * Loads, decides and appends. The expected version is checked after the decision has found the aggregate: what does
   * not exist is refused as `not-found`, whatever version the caller names.
   * @returns the aggregate after the decision, or the refusal (then nothing is appended)
   */
  decide<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    decision: (
      state: State,
      root: AggregateRoot<State, Event>,
    ) => readonly (NoInfer<Event> | AnyOf<Event>)[] | Refusal,
    options?: LoadOptions,
  ): Promise<AggregateRoot<State, Event> | Refusal>;
}
