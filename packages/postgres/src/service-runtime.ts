import { type Clock, type Handler, type Message, TidingsError, type View } from "@tidings/core";
import { noCause } from "@tidings/core/internal";
import type { Pool } from "pg";
import { closePool, createPool } from "./connection.ts";
import type { ConsistencyGate } from "./consistency.ts";
import { pruneCursors } from "./cursors.ts";
import { isTransient } from "./errors.ts";
import { handlersByType } from "./handle-messages.ts";
import { purgeExpired } from "./idempotency.ts";
import { PartitionQueues } from "./partition-queues.ts";
import { type Registry, readHeads, registerSubscription } from "./registry.ts";
import { maintainOutboxParts, readPassed } from "./retention.ts";
import { runTransaction } from "./run-transaction.ts";
import { takeDue } from "./scheduled-messages.ts";
import type { Store } from "./store.ts";
import { Subscription } from "./subscription.ts";
import type { Log, SubscriptionEnvironment, SubscriptionSettings } from "./subscription-settings.ts";
import type { Positions, ServiceContext } from "./unit-of-work.ts";
import type { WakeUp } from "./wake-up.ts";

/** Handlers that share one position in each log they read. */
export interface HandlerGroup {
  /** The subscription's name: the service's own, or `<service>/<projection>`. */
  readonly name: string;
  readonly handlers: readonly Handler[];
}

export interface RuntimeOptions {
  readonly url: string;
  readonly store: Store;
  readonly groups: readonly HandlerGroup[];
  readonly views: readonly View[];
  readonly records: ReadonlySet<string>;
  readonly settings: SubscriptionSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly wakeUp: WakeUp;
  /** Called after each batch: the reader, the log's service, the subscription, and how far it has come. */
  readonly progressed: ConsistencyGate["progressed"];
  readonly registry: () => Registry;
  /** Connections for requests, and for batches. */
  readonly connections: { readonly requests: number; readonly batches: number };
  readonly probe?: SubscriptionEnvironment["probe"];
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
  readonly #options: RuntimeOptions;
  readonly #subscriptions = new Map<
    string,
    { readonly source: Store; readonly subscription: Subscription }
  >();
  #unlisten: (() => void)[] = [];
  readonly #stopped = new AbortController();

  constructor(options: RuntimeOptions) {
    const { store, clock, views, records, url, connections, settings } = options;
    this.#options = options;
    this.store = store;
    const stopped = this.#stopped.signal;
    this.context = { store, clock, views, records, stopped, queues: new PartitionQueues() };
    this.pool = createPool(url, { schema: store.schema, name: store.service, max: connections.requests });
    this.#batchPool = createPool(url, {
      schema: store.schema,
      name: `${store.service} batches`,
      max: connections.batches,
      statementTimeoutMs: settings.handlerTimeoutMs,
      lockTimeoutMs: batchLockTimeoutMs,
      idleInTransactionMs: 60_000 + settings.handlerTimeoutMs,
    });
  }

  /** Wakes whoever reads what was recorded. Call it after the commit. */
  recorded(positions: Positions): void {
    if (positions.size > 0) this.#options.wakeUp.recorded(this.store.service, positions.keys());
  }

  /** Starts the subscriptions whose logs are installed by now; the others start as their logs appear. */
  async subscribe(): Promise<void> {
    for (const group of this.#options.groups) {
      for (const name of this.#sourcesOf(group)) {
        const source = this.#options.registry().stores.get(name);
        const id = `${group.name} ${name}`;
        if (!source || this.#subscriptions.has(id)) continue;
        await registerSubscription(this.pool, this.store, group.name, source);
        const subscription = new Subscription(this.#environment(group, source));
        this.#subscriptions.set(id, { source, subscription });
        this.#unlisten.push(this.#options.wakeUp.listen(name, (partitions) => subscription.wake(partitions)));
        subscription.start();
      }
    }
  }

  /** An event comes from its owner's log, a reply from its command's owner, a command from everybody who sends it. */
  #sourcesOf(group: HandlerGroup): Set<string> {
    const { senders } = this.#options.registry();
    return new Set(
      group.handlers.flatMap(({ mode, contract }) =>
        mode === "command" ? (senders.get(contract.type) ?? []) : [contract.service],
      ),
    );
  }

  #environment(group: HandlerGroup, source: Store): SubscriptionEnvironment {
    const { settings, clock, log, progressed, probe } = this.#options;
    const handlers = group.handlers.filter(
      ({ mode, contract }) => mode === "command" || contract.service === source.service,
    );
    return {
      key: { subscription: group.name, source, store: this.store },
      context: this.context,
      handlers: handlersByType(handlers),
      pool: this.#batchPool,
      clock,
      settings,
      log,
      recorded: (positions) => this.recorded(positions),
      progressed: (positions) => progressed(this.store.service, source.service, group.name, positions),
      probe: probe ?? (() => {}),
    };
  }

  /** The safety net, once a second: what no signal told us of, scheduled messages, retries that are due. */
  async poll(): Promise<void> {
    const sources = new Map([...this.#subscriptions.values()].map(({ source }) => [source.service, source]));
    for (const source of sources.values()) {
      const heads = await readHeads(this.pool, source);
      for (const entry of this.#subscriptions.values()) {
        if (entry.source.service === source.service) entry.subscription.observe(heads);
      }
    }
    const { rows } = await this.pool.query<{ scheduled: Date | null; retry: Date | null }>({
      name: "tidings_due",
      text: `select (select min(due_at) from ${this.store.table("scheduled")}) as scheduled,
        (select min(next_attempt_at) from ${this.store.table("parked")} where state = 'retrying') as retry`,
    });
    const now = this.context.clock.now();
    const [due] = rows;
    if (due?.retry && due.retry <= now)
      for (const { subscription } of this.#subscriptions.values()) subscription.retry();
    if (due?.scheduled && due.scheduled <= now) await this.#recordDue(now);
  }

  /** Moves due messages into the outbox, in one transaction for each hundred: each is recorded once. */
  async #recordDue(now: Date): Promise<void> {
    for (let taken = scheduledPerTransaction; taken === scheduledPerTransaction; ) {
      const { result, positions } = await runTransaction(
        this.pool,
        this.context,
        noCause,
        async (_tx, unit) => {
          const { rows } = await unit.query<{ message: Message }>(
            takeDue(this.store, now, scheduledPerTransaction),
          );
          for (const { message } of rows) unit.pending.record({ ...message, time: now.toISOString() });
          return rows.length;
        },
      );
      taken = result;
      this.recorded(positions);
    }
  }

  /** Prepares the next parts of the outbox, drops those that everybody has passed, and forgets what has expired. */
  async maintain(): Promise<void> {
    await pruneCursors(this.pool, this.store);
    await purgeExpired(this.pool, this.store, this.context.clock.now(), purgedAtOnce);
    const passed = await readPassed(this.pool, this.store, this.#options.registry());
    await maintainOutboxParts(this.pool, this.store, passed);
  }

  /** Begins no new batch, and waits for those that run. */
  async stop(graceMs: number): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    await Promise.all(
      [...this.#subscriptions.values()].map(({ subscription }) => subscription.stop(graceMs)),
    );
  }

  /** Closes the connections. What still uses one fails and is rolled back. */
  async close(): Promise<void> {
    this.#stopped.abort(new TidingsError("transaction-closed"));
    await Promise.all([closePool(this.pool), closePool(this.#batchPool)]);
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

const scheduledPerTransaction = 100;
/** A batch that waits for somebody else's lock keeps its own messages waiting. */
const batchLockTimeoutMs = 3_000;
const purgedAtOnce = 1_000;
