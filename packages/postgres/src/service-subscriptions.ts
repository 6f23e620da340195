import type { Broker, Handler, Projection } from "@tidings/core";
import { addresseeOf } from "@tidings/core/internal";
import type { Pool } from "pg";
import { Receivers } from "./inbox/receivers.ts";
import { noteArchiving } from "./rebuild/archive.ts";
import { type Registry, readLogHeads, registerSubscription } from "./registry.ts";
import { relayBatch } from "./relay/relay-batch.ts";
import { relayName } from "./relay/relay-name.ts";
import { outboxLog, type Routes, type SourceLog } from "./source-log.ts";
import type { Store } from "./store.ts";
import { Subscription } from "./subscription.ts";
import type { Log, SubscriptionEnvironment } from "./subscription-settings.ts";
import type { WakeListener, WakeUp } from "./wake-up.ts";

/** Handlers that share one position in each log they read. */
export interface HandlerGroup {
  /** The subscription's name: the service's own, or `<service>/<projection>`. */
  readonly name: string;
  readonly handlers: readonly Handler[];
  /** Set where the group is a projection. */
  readonly projection?: Pick<Projection, "name" | "tables">;
}

export interface SubscriptionsOptions {
  readonly store: Store;
  readonly pool: Pool;
  readonly groups: readonly HandlerGroup[];
  readonly wakeUp: WakeUp;
  readonly log: Log;
  readonly registry: () => Registry;
  readonly routes: Routes;
  environmentOf(group: HandlerGroup, source: SourceLog): SubscriptionEnvironment;
  /**
   * What carries messages from and to services in other databases, and the connections of the relay and the receivers,
   * whose commits a crash may forget: what they have brought is brought again, and recognised.
   */
  readonly remote?: { readonly broker: Broker; readonly pool: Pool } | undefined;
}

interface Running {
  readonly source: SourceLog;
  readonly key: SubscriptionEnvironment["key"];
  readonly subscription: Subscription;
}

/**
 * The subscriptions of a service in this process: one for each handler group and log that it reads. With a broker there
 * are a relay, which reads the service's own outbox, and a receiver for each log that is in another database.
 */
export class ServiceSubscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #running = new Map<string, Running>();
  readonly #unlisten: (() => void)[] = [];
  readonly #receivers: Receivers | undefined;

  constructor(options: SubscriptionsOptions) {
    const { store, log, wakeUp, remote } = options;
    this.#options = options;
    if (!remote) return;
    const released = () => wakeUp.tell("released");
    this.#receivers = new Receivers({ store, log, released, pool: remote.pool });
    this.#unlisten.push(wakeUp.onTold("released", () => void this.#receivers?.tend()));
  }

  /** Starts those whose logs are installed by now and that do not run yet. */
  async subscribe(): Promise<void> {
    const { groups, store, routes } = this.#options;
    await this.#startRelay();
    for (const group of groups) {
      for (const name of this.#sourcesOf(group)) {
        const source = routes(store, name);
        if (source && !this.#running.has(`${group.name} ${name}`)) await this.#start(group, source);
      }
    }
  }

  async #start(group: HandlerGroup, source: SourceLog): Promise<void> {
    const { store, pool } = this.#options;
    await registerSubscription(pool, store, group.name, source);
    const environment = this.#options.environmentOf(group, source);
    await noteArchiving(pool, environment, environment.clock.now());
    this.#run(environment, new Subscription(environment), listenerOf);
    if (source.kind === "inbox") await this.#receive(environment);
  }

  async #receive({ key, handlers }: SubscriptionEnvironment): Promise<void> {
    const { remote, log, wakeUp } = this.#options;
    if (!remote) return;
    await this.#receivers?.add({
      ...remote,
      key,
      log,
      types: new Set(handlers.keys()),
      received: (entries) => {
        const hints = entries.map(({ partition, message }) => {
          return { partition, type: message.type, to: addresseeOf(message) };
        });
        wakeUp.recorded(key.source.service, hints);
      },
    });
  }

  async #startRelay(): Promise<void> {
    const { store, pool, remote } = this.#options;
    if (!remote || this.#running.has(relayName)) return;
    const source = outboxLog(store);
    await registerSubscription(pool, store, relayName, source);
    const own = this.#options.environmentOf({ name: relayName, handlers: [] }, source);
    const environment = { ...own, pool: remote.pool, settings: { ...own.settings, ...relaySettings } };
    const relay = new Subscription(environment, (request) => relayBatch(environment, remote.broker, request));
    this.#run(environment, relay, (_, subscription) => ({
      concerns: () => true,
      wake: (partitions) => subscription.wake(partitions),
    }));
  }

  #run(environment: SubscriptionEnvironment, subscription: Subscription, listener: typeof listenerOf): void {
    const { key } = environment;
    const id = key.subscription === relayName ? relayName : `${key.subscription} ${key.source.service}`;
    this.#running.set(id, { source: key.source, key, subscription });
    const { wakeUp } = this.#options;
    this.#unlisten.push(wakeUp.listen(key.source.service, listener(environment, subscription)));
    subscription.start();
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

  /** Lets the readers of a log read these partitions, whatever is in them. */
  catchUp(source: string, partitions: readonly number[]): void {
    for (const { subscription, source: log } of this.#running.values())
      if (log.service === source) subscription.wake(partitions);
  }

  /** Looks how far each log goes, and wakes the readers that have not come so far. */
  async observe(): Promise<void> {
    const heads = new Map<string, Promise<Map<number, number>>>();
    for (const { source, key, subscription } of this.#running.values()) {
      const log = source.kind === "outbox" ? source.name : `${key.subscription} ${source.service}`;
      const reading = heads.get(log) ?? readLogHeads(this.#options.pool, source, key.subscription);
      heads.set(log, reading);
      subscription.observe(await reading);
    }
  }

  /** Some parked message may be due. */
  retry(): void {
    for (const { subscription } of this.#running.values()) subscription.retry();
  }

  /** Begins no new batch, and waits for those that run: first what handles, last what relays the messages of that. */
  async stop(graceMs: number): Promise<void> {
    const relay = this.#running.get(relayName)?.subscription;
    const others = [...this.#running.values()].filter(({ subscription }) => subscription !== relay);
    await this.#receivers?.stop();
    await Promise.all(others.map(({ subscription }) => subscription.stop(graceMs)));
    await relay?.stop(graceMs);
    for (const unlisten of this.#unlisten) unlisten();
  }
}

/** A message of no known type may concern every subscription; one that is meant for a service, only that one. */
function listenerOf({ key, handlers }: SubscriptionEnvironment, subscription: Subscription): WakeListener {
  return {
    concerns: ({ type, to }) =>
      (type === undefined || handlers.has(type)) && (to === undefined || to === key.store.service),
    wake: (partitions) => subscription.wake(partitions),
  };
}

/** The broker confirms many messages in the time of one. */
const relaySettings = { batchSize: 1_000, workers: 2 };
