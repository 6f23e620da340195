import {
  type Broker,
  type Cause,
  type Clock,
  type Saga,
  TidingsError,
  type Transaction,
  type View,
} from "@tidings/core";
import { addresseeOf, partitionOf } from "@tidings/core/internal";
import type { Pool } from "pg";
import { closePool, createPool } from "./connection.ts";
import type { ConsistencyGate } from "./consistency.ts";
import { pruneCursors, readCursors } from "./cursors.ts";
import { isTransient } from "./errors.ts";
import { handlersByType } from "./handle-messages.ts";
import { purgeExpired } from "./idempotency.ts";
import type { EntriesAnswer, EntriesQuestion, HeadsAnswer } from "./inbox/gap-filler.ts";
import { createInboxParts, dropInboxParts } from "./inbox/inbox-parts.ts";
import { PartitionQueues } from "./partition-queues.ts";
import { ProjectionRebuilds } from "./rebuild/projection-rebuilds.ts";
import type { RebuildStep } from "./rebuild/rebuild-step.ts";
import { recordDue } from "./record-due.ts";
import { type Registry, sourcesReadBy } from "./registry.ts";
import { answerEntries } from "./relay/answer-entries.ts";
import { relayName } from "./relay/relay-name.ts";
import { maintainOutboxParts, readPassed } from "./retention.ts";
import { runTransaction } from "./run-transaction.ts";
import { SagaUpkeep } from "./sagas/saga-upkeep.ts";
import { type HandlerGroup, ServiceSubscriptions } from "./service-subscriptions.ts";
import { outboxLog, type Routes, type SourceLog } from "./source-log.ts";
import type { Store } from "./store.ts";
import type {
  BatchStep,
  Log,
  SubscriptionEnvironment,
  SubscriptionSettings,
} from "./subscription-settings.ts";
import type { Commit, ServiceContext } from "./unit-of-work.ts";
import type { WakeUp } from "./wake-up.ts";

export interface RuntimeOptions {
  readonly url: string;
  readonly store: Store;
  readonly groups: readonly HandlerGroup[];
  readonly views: readonly View[];
  readonly sagas: readonly Saga[];
  readonly records: ReadonlySet<string>;
  readonly settings: SubscriptionSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly wakeUp: WakeUp;
  /** Called after each batch: the reader, the log's service, the subscription, and how far it has come. */
  readonly progressed: ConsistencyGate["progressed"];
  /** Called after each commit with the operations that it changed. */
  readonly committed?: (operations: ReadonlySet<string>) => void;
  readonly registry: () => Registry;
  readonly routes: Routes;
  /** What carries messages between the databases of services; without it they share one. */
  readonly broker?: Broker | undefined;
  /** Connections for requests, and for batches. */
  readonly connections: { readonly requests: number; readonly batches: number };
  readonly probe?: (step: BatchStep | RebuildStep) => void | Promise<void>;
}

/**
 * A service at work in this process: its pools, its subscriptions, its scheduled messages. Everything it does is safe
 * to do in several processes at once.
 */
export class ServiceRuntime {
  readonly store: Store;
  readonly context: ServiceContext;
  /** For requests. */
  readonly pool: Pool;
  readonly #batchPool: Pool;
  /** For transactions apart from others: who waits for one of these holds one of the other pools. */
  readonly #apartPool: Pool;
  #remotePool: Pool | undefined;
  readonly #options: RuntimeOptions;
  readonly #sagas: SagaUpkeep;
  /** The rebuilds of its projections. */
  readonly rebuilds: ProjectionRebuilds;
  readonly #subscriptions: ServiceSubscriptions;
  readonly #stopped = new AbortController();

  constructor(options: RuntimeOptions) {
    const { store, clock, views, records, url, connections, settings } = options;
    this.#options = options;
    this.store = store;
    const stopped = this.#stopped.signal;
    const apart = this.#runApart.bind(this);
    const committed = this.#committed.bind(this);
    this.context = { store, clock, views, records, stopped, queues: new PartitionQueues(), apart, committed };
    this.pool = createPool(url, { schema: store.schema, name: store.service, max: connections.requests });
    this.#batchPool = createPool(url, {
      schema: store.schema,
      name: `${store.service} batches`,
      max: connections.batches,
      statementTimeoutMs: settings.handlerTimeoutMs,
      lockTimeoutMs: batchLockTimeoutMs,
    });
    this.#sagas = new SagaUpkeep(options.sagas, {
      pool: this.pool,
      context: this.context,
      log: options.log,
    });
    this.#subscriptions = new ServiceSubscriptions({
      store,
      pool: this.pool,
      groups: options.groups,
      wakeUp: options.wakeUp,
      log: options.log,
      registry: options.registry,
      routes: options.routes,
      remote: options.broker && { broker: options.broker, pool: this.#createRemotePool() },
      environmentOf: (group, source) => this.#environment(group, source),
    });
    this.rebuilds = this.#createRebuilds();
    this.#apartPool = createPool(url, {
      schema: store.schema,
      name: `${store.service} apart`,
      max: connections.batches + 1,
      lockTimeoutMs: batchLockTimeoutMs,
    });
  }

  /** What is relayed and received may be so again, so these commits need not wait for the disk. */
  #createRemotePool(): Pool {
    const { store } = this;
    const name = `${store.service} remote`;
    const options = {
      schema: store.schema,
      name,
      max: 4,
      isForgettable: true,
      lockTimeoutMs: batchLockTimeoutMs,
    };
    this.#remotePool = createPool(this.#options.url, options);
    return this.#remotePool;
  }

  #createRebuilds(): ProjectionRebuilds {
    const { store, context, pool } = this;
    const { groups, settings, log, probe = () => {}, registry } = this.#options;
    const projections = groups.flatMap(({ projection, handlers }) =>
      projection ? [{ ...projection, handlers }] : [],
    );
    const run = async <Row>(text: string, values: readonly unknown[] = []) => {
      const { rows } = await pool.query(text, [...values]);
      return { rows: rows as Row[] };
    };
    const sources = (subscription: string) =>
      sourcesReadBy(registry(), subscription).flatMap((name) => this.#options.routes(store, name) ?? []);
    const surroundings = { store, context, settings, log, probe, run, sources, pool: this.#batchPool };
    return new ProjectionRebuilds(projections, surroundings);
  }

  async #runApart<Result>(cause: Cause, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return (await runTransaction(this.#apartPool, this.context, cause, work)).result;
  }

  #committed({ messages, operations }: Commit): void {
    const hints = messages.map((message) => {
      const partition = partitionOf(message.key, this.store.partitions);
      return { partition, type: message.type, to: addresseeOf(message) };
    });
    if (hints.length > 0) this.#options.wakeUp.recorded(this.store.service, hints);
    this.#options.committed?.(operations);
  }

  /** Wakes all who read these partitions of the service's log: after a commit that was not the library's. */
  recordedIn(partitions: readonly number[]): void {
    this.#options.wakeUp.recorded(
      this.store.service,
      partitions.map((partition) => ({ partition })),
    );
  }

  /** Lets the subscriptions to a source read these partitions, whatever is in them: somebody waits for their cursors. */
  catchUp(source: string, partitions: readonly number[]): void {
    this.#subscriptions.catchUp(source, partitions);
  }

  /** How far the relay has come in each partition of the outbox. */
  async answerHeads(): Promise<HeadsAnswer> {
    const rows = await readCursors(this.pool, this.store, outboxLog(this.store), [relayName]);
    return rows.map(({ partition, position }) => ({ partition, position }));
  }

  /** What the outbox still has of entries that did not reach their receiver. */
  answerEntries(question: EntriesQuestion): Promise<EntriesAnswer> {
    return answerEntries(this.pool, this.store, question);
  }

  /** Starts the subscriptions whose logs are installed by now; the others start as their logs appear. */
  subscribe(): Promise<void> {
    return this.#subscriptions.subscribe();
  }

  #environment(group: HandlerGroup, source: SourceLog): SubscriptionEnvironment {
    const { settings, clock, log, progressed, probe } = this.#options;
    const handlers = group.handlers.filter(
      ({ mode, contract }) => mode === "command" || contract.service === source.service,
    );
    return {
      key: { subscription: group.name, source, store: this.store },
      context: this.context,
      handlers: handlersByType(handlers),
      isArchiving: group.projection?.tables !== undefined,
      pool: this.#batchPool,
      clock,
      settings,
      log,
      progressed: (positions) => progressed(this.store.service, source.service, group.name, positions),
      probe: probe ?? (() => {}),
    };
  }

  /** The safety net, once a second: what no signal told us of, scheduled messages, retries that are due. */
  async poll(): Promise<void> {
    await this.#subscriptions.observe();
    const { rows } = await this.pool.query<{ scheduled: Date | null; retry: Date | null }>({
      name: "tidings_due",
      text: `select (select min(due_at) from ${this.store.table("scheduled")}) as scheduled,
        (select min(next_attempt_at) from ${this.store.table("parked")} where state = 'retrying') as retry`,
    });
    const now = this.context.clock.now();
    const [due] = rows;
    if (due?.retry && due.retry <= now) this.#subscriptions.retry();
    if (due?.scheduled && due.scheduled <= now) await recordDue(this.pool, this.context);
    await this.#sagas.poll();
    await this.rebuilds.poll();
  }

  /** Prepares the next parts of the outbox, drops those that everybody has passed, and forgets what has expired. */
  async maintain(): Promise<void> {
    await pruneCursors(this.pool, this.store);
    await purgeExpired(this.pool, this.store, this.context.clock.now(), purgedAtOnce);
    await this.#sagas.purge();
    const passed = await readPassed(this.pool, this.store, this.#options.registry(), this.#options.routes);
    await maintainOutboxParts(this.pool, this.store, passed);
    if (!this.#remotePool) return;
    await createInboxParts(this.pool, this.store);
    await dropInboxParts(this.pool, this.store);
  }

  /** Begins no new batch, and waits for those that run. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all([this.rebuilds, this.#subscriptions].map((readers) => readers.stop(graceMs)));
  }

  /** Closes the connections. What still uses one fails and is rolled back. */
  async close(): Promise<void> {
    this.#stopped.abort(new TidingsError("transaction-closed"));
    const pools = [this.pool, this.#batchPool, this.#apartPool, this.#remotePool];
    await Promise.all(pools.map((pool) => pool && closePool(pool)));
  }

  /** @returns whether the database answers */
  async isHealthy(): Promise<boolean> {
    return this.pool.query("select 1").then(
      () => true,
      (error: unknown) => {
        if (!isTransient(error)) this.#options.log.error({ err: error }, "health check failed");
        return false;
      },
    );
  }
}

/** A batch that waits for somebody else's lock keeps its own messages waiting. */
const batchLockTimeoutMs = 3_000;
const purgedAtOnce = 1_000;
