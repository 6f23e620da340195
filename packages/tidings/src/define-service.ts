import type {
  CommandContract,
  Contract,
  EventContract,
  Handler,
  Projection,
  Saga,
  View,
} from "@tidings/core";
import type { Migration } from "@tidings/postgres";
import type { LiveTopic } from "./http/live-topic.ts";
import type { ServiceHttp } from "./http/service-http.ts";

/** How a service's subscriptions work; every field has a default that suits most. */
export interface SubscriptionSettings {
  /** At most so many messages in one transaction: 500. */
  readonly batchSize?: number;
  /** So many batches at once in one process, each on a connection of its own: 8. */
  readonly workers?: number;
  /** A handler that takes longer is abandoned and its message retried: 30,000. */
  readonly handlerTimeoutMs?: number;
  /** Attempts before a failing message becomes a dead letter (10), and the first and the longest delay (100, 60,000). */
  readonly retry?: { readonly attempts?: number; readonly minDelayMs?: number; readonly maxDelayMs?: number };
}

/** What a service is, on one screen. */
export interface ServiceOptions {
  /** The events that it records. */
  readonly publishes?: readonly EventContract[];
  /** The commands that it records for others; their replies come back to it. */
  readonly sends?: readonly CommandContract[];
  /** The commands that it carries out: `handles(AuthorizeCustomer, authorizeCustomer)`. */
  readonly accepts?: readonly Handler[];
  /** Its reactions to events and replies: `on`, `onBatch`, `onReply`. All share one position in each source's log. */
  readonly reacts?: readonly Handler[];
  /** The workflows that it runs. Their commands need not be listed in `sends`; what they report to is in `publishes`. */
  // biome-ignore lint/suspicious/noExplicitAny: a service does not know the states of its sagas
  readonly sagas?: readonly Saga<any>[];
  /** Its read models fed by messages, each with a position of its own. */
  readonly projects?: readonly Projection[];
  /** Its read models of its own aggregates, written in the same transaction as the events. */
  readonly views?: readonly View[];
  /** The folder of its numbered `.sql` files, or the migrations themselves. */
  readonly migrations?: URL | readonly Migration[];
  /** Its routes. The Fastify instance is the service's own. */
  readonly http?: (app: ServiceHttp) => void | Promise<void>;
  /**
   * What clients may follow on the WebSocket `/api/live`: `liveTopic("orders", { read })` offers `orders/{id}`. `read`
   * answers for everything that is followed with one statement; what it answers is sent as it is, to whom the
   * application's `maySee` admits to its `owner`.
   */
  readonly live?: readonly LiveTopic[];
  /** The number of outbox partitions: 32. Fixed when the service is installed. */
  readonly partitions?: number;
  readonly subscription?: SubscriptionSettings;
}

/** A service, ready to be run by a host. */
export interface Service extends Required<Omit<ServiceOptions, "partitions" | "http" | "migrations">> {
  readonly name: string;
  readonly http: ServiceOptions["http"] | undefined;
  readonly migrations: URL | readonly Migration[];
  readonly partitions: number | undefined;
}

/**
 * Declares a service. Its name owns its contracts, its schema and its subscriptions: never change it once installed.
 *
 * @throws Error when the name is not lower-case kebab-case, a contract belongs to another service, or a command has two
 * handlers or a name two projections
 */
export function defineService(name: string, options: ServiceOptions): Service {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name)) {
    throw new Error(`"${name}" is not a service name: use up to 40 lower-case letters, digits and dashes.`);
  }
  const {
    publishes = [],
    sends = [],
    accepts = [],
    reacts = [],
    sagas = [],
    projects = [],
    views = [],
  } = options;
  for (const contract of [
    ...publishes,
    ...accepts.map((handler) => handler.contract),
  ] as readonly Contract[]) {
    if (contract.service !== name)
      throw new Error(`${contract.type} belongs to ${contract.service}: ${name} cannot own it.`);
  }
  const twice = firstRepeated([
    ...accepts.map(({ contract }) => `the command ${contract.type}`),
    ...projects.map((projection) => `the projection ${projection.name}`),
    ...sagas.map((saga) => `the saga ${saga.name}`),
  ]);
  if (twice) throw new Error(`${name} declares ${twice} twice.`);
  for (const saga of sagas as readonly Saga[]) {
    if (saga.progress && !publishes.includes(saga.progress))
      throw new Error(`${name} runs ${saga.name}, whose progress is not in its \`publishes\`.`);
  }
  return {
    name,
    publishes,
    sends,
    accepts,
    reacts,
    sagas,
    projects,
    views,
    http: options.http,
    live: options.live ?? [],
    migrations: options.migrations ?? [],
    partitions: options.partitions,
    subscription: options.subscription ?? {},
  };
}

function firstRepeated(texts: readonly string[]): string | undefined {
  return texts.find((text, index) => texts.indexOf(text) < index);
}
