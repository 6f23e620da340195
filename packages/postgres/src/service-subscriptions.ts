import type { Handler, Projection } from "@tidings/core";
import type { Pool } from "pg";
import { noteArchiving } from "./rebuild/archive.ts";
import { type Registry, readHeads, registerSubscription } from "./registry.ts";
import type { Store } from "./store.ts";
import { Subscription } from "./subscription.ts";
import type { SubscriptionEnvironment } from "./subscription-settings.ts";
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
  readonly registry: () => Registry;
  environmentOf(group: HandlerGroup, source: Store): SubscriptionEnvironment;
}

/** The subscriptions of a service in this process: one for each handler group and log that it reads. */
export class ServiceSubscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #running = new Map<string, { readonly source: Store; readonly subscription: Subscription }>();
  readonly #unlisten: (() => void)[] = [];

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** Starts those whose logs are installed by now and that do not run yet. */
  async subscribe(): Promise<void> {
    const { groups, registry, store, pool, wakeUp } = this.#options;
    for (const group of groups) {
      for (const name of this.#sourcesOf(group)) {
        const source = registry().stores.get(name);
        const id = `${group.name} ${name}`;
        if (!source || this.#running.has(id)) continue;
        await registerSubscription(pool, store, group.name, source);
        const environment = this.#options.environmentOf(group, source);
        await noteArchiving(pool, environment, environment.clock.now());
        const subscription = new Subscription(environment);
        this.#running.set(id, { source, subscription });
        this.#unlisten.push(wakeUp.listen(name, listenerOf(environment, subscription)));
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

  /** Lets the readers of a log read these partitions, whatever is in them. */
  catchUp(source: string, partitions: readonly number[]): void {
    for (const subscription of this.#readersOf(source)) subscription.wake(partitions);
  }

  /** Looks how far each log goes, and wakes the readers that have not come so far. */
  async observe(): Promise<void> {
    const sources = new Map([...this.#running.values()].map(({ source }) => [source.service, source]));
    for (const source of sources.values()) {
      const heads = await readHeads(this.#options.pool, source);
      for (const subscription of this.#readersOf(source.service)) subscription.observe(heads);
    }
  }

  /** Some parked message may be due. */
  retry(): void {
    for (const { subscription } of this.#running.values()) subscription.retry();
  }

  /** Begins no new batch, and waits for those that run. */
  async stop(graceMs: number): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    await Promise.all([...this.#running.values()].map(({ subscription }) => subscription.stop(graceMs)));
  }

  #readersOf(service: string): Subscription[] {
    const readers = [...this.#running.values()].filter(({ source }) => source.service === service);
    return readers.map(({ subscription }) => subscription);
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
