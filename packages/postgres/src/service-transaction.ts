import {
  type Aggregate,
  type AggregateRoot,
  type Cause,
  type CommandContract,
  type Contract,
  type DomainEvent,
  isRefusal,
  isUuid,
  type LoadOptions,
  type Message,
  type MessageHeaders,
  type QueryResult,
  type RecordOptions,
  type Refusal,
  TidingsError,
  type Transaction,
  uuidv7,
} from "@tidings/core";
import type { SentCommand } from "@tidings/core/internal";
import type { ClientBase, QueryConfig } from "pg";
import { loadAggregate, streamOf } from "./event-store.ts";
import { newMessage } from "./new-message.ts";
import { statementName } from "./prepared-statements.ts";
import { deleteScheduled } from "./scheduled-messages.ts";
import type { Store } from "./store.ts";
import type { UnitOfWork } from "./unit-of-work.ts";

/** A unit of work seen from one cause: what it records carries that cause. */
export class ServiceTransaction implements Transaction {
  readonly cause: Cause;
  readonly #work: UnitOfWork;

  constructor(work: UnitOfWork, cause: Cause) {
    this.#work = work;
    this.cause = cause;
  }

  get service(): string {
    return this.#work.context.store.service;
  }

  get store(): Store {
    return this.#work.context.store;
  }

  /** Notes that the transaction changes an operation. */
  touchOperation(id: string): void {
    this.#work.operations.add(id);
  }

  /** Runs a statement that names its own tables and, where it is prepared, itself. */
  run<Row extends object>(statement: QueryConfig): Promise<{ readonly rows: Row[] }> {
    return this.#work.query<Row>(statement);
  }

  get signal(): AbortSignal {
    return this.#work.signal;
  }

  /** The connection, for an ORM that is to take part in this transaction. It must not begin or end one. */
  get client(): ClientBase {
    return this.#work.client;
  }

  now(): Date {
    return this.#work.context.clock.now();
  }

  async query<Row>(text: string, values: readonly unknown[] = []): Promise<QueryResult<Row>> {
    const name = values.length > 0 ? statementName(this.#work.client, text) : undefined;
    const query = { text, values: values as unknown[], ...(name !== undefined && { name }) };
    const { rows, rowCount } = await this.#work.query(query);
    return { rows: rows as Row[], rowCount: rowCount ?? 0 };
  }

  publish(contract: Contract, data: unknown, options: RecordOptions = {}): string {
    return this.#record(contract, data, options);
  }

  send(contract: CommandContract, data: unknown, options: RecordOptions = {}): string {
    return this.#record(contract, data, options, { replyTo: this.service });
  }

  /** Records the reply to a command, keyed like the command. */
  reply(command: Message, contract: CommandContract, outcome: unknown): void {
    const { replyTo, saga } = command.headers;
    const headers = { ...(replyTo !== undefined && { replyTo }), ...(saga !== undefined && { saga }) };
    this.#record(contract.reply, outcome, { key: command.key }, headers);
  }

  /** Records a command of a saga's instance, under the id by which the instance knows it. */
  sendFor(saga: string, { id, contract, data }: SentCommand, cause: Cause): void {
    const headers = { replyTo: this.service, saga };
    const draft = { id, time: this.now(), contract, data, options: {}, headers };
    this.#work.pending.record(newMessage({ ...this.#author, cause }, draft));
  }

  /** Records an event in the name of another cause than the transaction's. @param to the only service it is meant for */
  recordFor(contract: Contract, data: unknown, cause: Cause, to: string | undefined): void {
    const time = this.now();
    const draft = {
      id: uuidv7(time.getTime()),
      time,
      contract,
      data,
      options: {},
      headers: to === undefined ? {} : { to },
    };
    this.#work.pending.record(newMessage({ ...this.#author, cause }, draft));
  }

  schedule(at: Date, contract: Contract, data: unknown, options: RecordOptions = {}): string {
    const headers = contract.kind === "command" ? { replyTo: this.service } : {};
    const id = uuidv7(this.now().getTime());
    const message = this.#message(id, contract, data, options, headers, at);
    this.#work.pending.schedule({ id, dueAt: at, message });
    return id;
  }

  async cancelScheduled(id: string): Promise<boolean> {
    if (this.#work.pending.unschedule(id)) return true;
    if (!isUuid(id)) return false;
    const { rowCount } = await this.#work.query(deleteScheduled(this.#work.context.store, id));
    return rowCount === 1;
  }

  async apart<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    this.#work.assertOpen();
    const { apart } = this.#work.context;
    if (!apart)
      throw new Error("Transactions of this context have no connections for others apart from them.");
    return apart(this.cause, (tx) => {
      this.#work.assertOpen();
      return work(tx);
    });
  }

  async load<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    options: LoadOptions = {},
  ): Promise<AggregateRoot<State, Event>> {
    const stream = streamOf(aggregate as never, id);
    const known = this.#work.roots.get(stream) as AggregateRoot<State, Event> | undefined;
    const root = known ?? (await this.#fetch(aggregate, id));
    if (!known) this.#work.loadedVersions.set(stream, root.version);
    assertVersion(root as never, options);
    this.#work.roots.set(stream, root as never);
    return root;
  }

  /** Loads through the unit of work, so that the statement is part of its transaction. */
  #fetch<State, Event extends DomainEvent>(aggregate: Aggregate<State, Event>, id: string) {
    const client = { query: (query: { text: string; values: unknown[] }) => this.#work.query(query) };
    return loadAggregate(client as unknown as ClientBase, this.#work.context.store, aggregate, id);
  }

  async append<State, Event extends DomainEvent>(
    root: AggregateRoot<State, Event>,
    events: readonly Event[],
  ): Promise<AggregateRoot<State, Event>> {
    const stream = streamOf(root.aggregate as never, root.id);
    const current = this.#work.roots.get(stream);
    if (current && current.version !== root.version) throw new TidingsError("concurrency-conflict");
    let { state, version } = root;
    const at = this.now();
    for (const event of events) {
      state = root.aggregate.evolve(state, event);
      version += 1;
      const id = uuidv7(at.getTime());
      const causedBy = this.cause.causationId === null ? {} : { message: this.cause.causationId };
      const actor = this.cause.headers.actor === undefined ? {} : { actor: this.cause.headers.actor };
      const correlationId = this.cause.correlationId ?? id;
      this.#work.pending.append({
        ...event,
        stream,
        version,
        id,
        time: at.toISOString(),
        correlationId,
        causedBy: { ...causedBy, ...actor },
      });
      for (const view of this.#work.context.views) {
        if (view.aggregate.name === root.aggregate.name)
          await view.apply(event, { id: root.id, version, at }, this);
      }
    }
    const next = { ...root, state, version };
    this.#work.roots.set(stream, next as never);
    return next;
  }

  async decide<State, Event extends DomainEvent>(
    aggregate: Aggregate<State, Event>,
    id: string,
    decision: (state: State, root: AggregateRoot<State, Event>) => readonly Event[] | Refusal,
    options: LoadOptions = {},
  ): Promise<AggregateRoot<State, Event> | Refusal> {
    const root = await this.load(aggregate, id);
    const decided = decision(root.state, root);
    if (isRefusal(decided) && decided.rule === "not-found") return decided;
    assertVersion(root as never, options);
    return isRefusal(decided) ? decided : this.append(root, decided);
  }

  #record(contract: Contract, data: unknown, options: RecordOptions, headers: MessageHeaders = {}): string {
    const id = uuidv7(this.now().getTime());
    this.#work.pending.record(this.#message(id, contract, data, options, headers, this.now()));
    return id;
  }

  get #author() {
    return { service: this.service, records: this.#work.context.records };
  }

  #message(
    id: string,
    contract: Contract,
    data: unknown,
    options: RecordOptions,
    headers: MessageHeaders,
    time: Date,
  ): Message | Promise<Message> {
    return newMessage({ ...this.#author, cause: this.cause }, { id, time, contract, data, options, headers });
  }
}

function assertVersion(
  { aggregate, version }: AggregateRoot<never, never>,
  { expectedVersion }: LoadOptions,
): void {
  if (expectedVersion === undefined || expectedVersion === version) return;
  throw new TidingsError(
    "stale-version",
    `The ${aggregate.name} is at version ${version}, not ${expectedVersion}.`,
  );
}
