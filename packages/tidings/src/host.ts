import {
  type Broker,
  type BrokerOptions,
  type Cause,
  type Clock,
  systemClock,
  type Transaction,
} from "@tidings/core";
import { noCause } from "@tidings/core/internal";
import { migrateService, Outbox, type Store } from "@tidings/postgres";
import {
  type Committed,
  ConsistencyGate,
  inboxLog,
  isTransient,
  type Log,
  outboxLog,
  type ProjectionStatus,
  type Registry,
  type Routes,
  type RuntimeOptions,
  readRegistry,
  runTransaction,
  ServiceRuntime,
  WakeUp,
} from "@tidings/postgres/internal";
import type pg from "pg";
import { Advice } from "./advice.ts";
import { connect } from "./connect.ts";
import type { Service } from "./define-service.ts";
import { RemoteServices } from "./remote-services.ts";
import { groupsOf, migrationPlanOf, recordsOf, settingsOf } from "./service-plan.ts";

export interface HostOptions {
  readonly databaseUrl: string;
  readonly log: Log;
  readonly clock?: Clock;
  /**
   * What carries messages to and from services in other databases: `nats({ … })` of `@tidings/nats`. Without one the
   * services share this database.
   */
  readonly broker?: BrokerOptions | undefined;
  /** Connections of each service: for requests (10), and for batches (10). */
  readonly connections?: { readonly requests?: number; readonly batches?: number };
  /** Called at each step of each batch; tests end the process there. */
  readonly probe?: RuntimeOptions["probe"];
}

/**
 * Some services at work in this process, over one database. Any number of hosts may run the same services on the same
 * database, start together, and come and go.
 */
export class Host {
  readonly gate: ConsistencyGate;
  readonly log: Log;
  readonly runtimes = new Map<string, ServiceRuntime>();
  readonly #services: readonly Service[];
  readonly #options: HostOptions;
  readonly #wakeUp: WakeUp;
  readonly #stopping = new AbortController();
  #registry: Registry = { stores: new Map(), senders: new Map(), subscriptions: [] };
  #polling: Promise<void> = Promise.resolve();
  /** Whether another process has installed services since the registry was read. */
  #hasNews = false;
  #closed: Promise<void> | undefined;
  readonly #advice: Advice;
  readonly #onCommit: CommitListener[] = [];
  #remote: RemoteServices | undefined;

  private constructor(services: readonly Service[], options: HostOptions) {
    this.#services = services;
    this.#options = options;
    this.log = options.log;
    this.#advice = new Advice(options.log);
    this.#wakeUp = new WakeUp(options.databaseUrl, options.log);
    this.#wakeUp.onTold("installed", () => {
      this.#hasNews = true;
    });
    this.gate = new ConsistencyGate({
      client: { query: ((query: pg.QueryConfig) => this.#anyPool().query(query)) as pg.Client["query"] },
      registry: () => this.#registry,
      routes: this.#routes,
      catchUp: (service, source, partitions) => this.runtimes.get(service)?.catchUp(source, partitions),
      ...(options.broker && { ask: async (...question) => this.#remote?.broker.ask(...question) }),
    });
  }

  /**
   * Installs the services or brings them up to date, and starts their subscriptions.
   * @throws TidingsError when the database cannot be reached, or a migration does not fit; nothing is left running
   */
  static async start(services: readonly Service[], options: HostOptions): Promise<Host> {
    const client = await connect(options.databaseUrl, "tidings host");
    const host = new Host(services, options);
    try {
      const broker = await host.#connectBroker();
      for (const service of services) {
        const store = await migrateService(client, await migrationPlanOf(service));
        host.runtimes.set(service.name, host.#createRuntime(service, store, broker));
      }
      await host.#remote?.open(host.runtimes.values(), services);
      await host.#wakeUp.start();
      await host.#subscribe(client);
      host.#wakeUp.tell("installed");
      host.#polling = host.#poll();
      return host;
    } catch (error) {
      await host.close(0);
      throw error;
    } finally {
      await client.end().catch(() => {});
    }
  }

  async #connectBroker(): Promise<Broker | undefined> {
    const { broker: options, log } = this.#options;
    if (!options) return undefined;
    const name = this.#services.map((service) => service.name).join(", ");
    const broker = await options.connect({ name, log });
    this.#remote = new RemoteServices(broker, {
      gate: this.gate,
      changed: () => {
        this.#hasNews = true;
      },
    });
    return broker;
  }

  /** A service reads the logs of its own database there, and those of services elsewhere in its inbox. */
  readonly #routes: Routes = (reader, source) => {
    const here = this.#registry.stores.get(source);
    if (!this.#remote || source === reader.service) return here && outboxLog(here);
    const notice = this.#remote.notices.get(source);
    return notice && inboxLog(reader, source, notice.partitions);
  };

  #createRuntime(service: Service, store: Store, broker: Broker | undefined): ServiceRuntime {
    const { databaseUrl, log, clock = systemClock, connections = {}, probe } = this.#options;
    return new ServiceRuntime({
      url: databaseUrl,
      store,
      groups: groupsOf(service),
      views: service.views,
      sagas: service.sagas,
      records: recordsOf(service),
      settings: settingsOf(service),
      clock,
      log,
      wakeUp: this.#wakeUp,
      progressed: (...progress) => this.gate.progressed(...progress),
      committed: (operations) => {
        for (const listener of this.#onCommit) listener(operations);
      },
      registry: () => this.#registry,
      routes: this.#routes,
      broker,
      connections: { requests: connections.requests ?? 10, batches: connections.batches ?? 10 },
      ...(probe && { probe }),
    });
  }

  /** A service's outbox, for recording in transactions that the user owns; see {@link Outbox}. */
  outbox(service: string): Outbox {
    const runtime = this.runtime(service);
    const wake = (partitions: readonly number[]) => runtime.recordedIn(partitions);
    return new Outbox({ service, ...runtime.context }, runtime.store, wake);
  }

  /** Calls back after each commit of any service of this process, with the ids of the operations that it changed. */
  onCommit(listener: CommitListener): void {
    this.#onCommit.push(listener);
  }

  /** The runtime of one of its services. @throws Error when the host does not run it */
  runtime(service: string): ServiceRuntime {
    const runtime = this.runtimes.get(service);
    if (!runtime) throw new Error(`This host does not run ${service}.`);
    return runtime;
  }

  /**
   * Runs a function in one transaction of a service, as a request would; see {@link Transaction}.
   * @returns what the function returns, after the commit
   */
  async transaction<Result>(
    service: string,
    work: (tx: Transaction) => Promise<Result>,
    cause: Cause = noCause,
  ): Promise<Result> {
    return (await this.commit(service, work, cause)).result;
  }

  /** Like {@link transaction}; also tells where the messages that it recorded stand. */
  async commit<Result>(
    service: string,
    work: (tx: Transaction) => Promise<Result>,
    cause: Cause = noCause,
  ): Promise<Committed<Result>> {
    const runtime = this.runtime(service);
    return runTransaction(runtime.pool, runtime.context, cause, work);
  }

  /** The projections of a service, and how far the last rebuild of each is. Cheap to ask again and again. */
  projections(service: string): Promise<ProjectionStatus[]> {
    return this.runtime(service).rebuilds.list();
  }

  /**
   * Has a projection made anew from all the messages that it has handled, beside the tables in use, which it then
   * replaces in one transaction. Readers see full tables all the time, and live updates go on. Returns when the rebuild
   * has begun; whichever process runs the service goes on with it, after a crash from where it was.
   *
   * @throws TidingsError `projection-not-rebuildable`, `archive-incomplete`, `rebuild-running`
   */
  async startRebuild(service: string, projection: string): Promise<void> {
    const { rebuilds } = this.runtime(service);
    await this.transaction(service, (tx) => rebuilds.start(tx, projection));
    await rebuilds.poll();
  }

  /** Gives a running rebuild up; the tables in use stay as they are. @throws TidingsError `rebuild-not-running` */
  async cancelRebuild(service: string, projection: string): Promise<void> {
    await this.transaction(service, (tx) => this.runtime(service).rebuilds.cancel(tx, projection));
  }

  /**
   * Begins no new batch, waits for those in flight, closes the connections. What does not finish in time is rolled back
   * by the server and handled again after the next start. Safe to call twice.
   */
  close(graceMs = 10_000): Promise<void> {
    this.#closed ??= this.#close(graceMs);
    return this.#closed;
  }

  async #close(graceMs: number): Promise<void> {
    this.#stopping.abort();
    const polled = new AbortController();
    await Promise.race([this.#polling, pause(graceMs, polled.signal)]);
    polled.abort();
    await Promise.all([...this.runtimes.values()].map((runtime) => runtime.stop(graceMs)));
    await this.#wakeUp.close();
    await this.#remote?.broker.close();
    await Promise.all([...this.runtimes.values()].map((runtime) => runtime.close()));
  }

  #anyPool(): pg.Pool {
    const [runtime] = this.runtimes.values();
    if (!runtime) throw new Error("The host runs no service.");
    return runtime.pool;
  }

  async #subscribe(client: Pick<pg.Client, "query">): Promise<void> {
    this.#hasNews = false;
    this.#registry = await this.#readRegistry(client);
    for (const runtime of this.runtimes.values()) await runtime.subscribe();
    this.#registry = await this.#readRegistry(client);
    this.#advice.give(this.#services, this.#registry, this.#routes, this.#remote !== undefined);
  }

  async #readRegistry(client: Pick<pg.Client, "query">): Promise<Registry> {
    const registry = await readRegistry(client);
    return this.#remote ? { ...registry, senders: this.#remote.sendersWith(registry.senders) } : registry;
  }

  /**
   * Once a second the safety net of each service, and new services of which another process has told; every 5 s those of
   * which nobody has, every minute the upkeep of the tables.
   */
  async #poll(): Promise<void> {
    for (let round = 1; !this.#stopping.signal.aborted; round++) {
      await pause(pollMs, this.#stopping.signal);
      for (const runtime of this.runtimes.values()) {
        if (this.#stopping.signal.aborted) return;
        await this.#attempt(() => runtime.poll());
        if (round % maintainRounds === 1) await this.#attempt(() => runtime.maintain());
      }
      await this.#attempt(async () => this.#remote?.upkeep());
      if (this.#hasNews || round % discoverRounds === 0)
        await this.#attempt(() => this.#subscribe(this.#anyPool()));
    }
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isTransient(error)) this.log.warn({ err: error }, "database is unavailable; trying again");
      else this.log.error({ err: error }, "upkeep failed; trying again");
    }
  }
}

type CommitListener = (operations: ReadonlySet<string>) => void;

const pollMs = 1_000;
const discoverRounds = 5;
const maintainRounds = 60;

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, milliseconds);
    function done() {
      signal.removeEventListener("abort", done);
      clearTimeout(timer);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
