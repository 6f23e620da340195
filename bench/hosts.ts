import { nats } from "@tidings/nats";
import { type NatsServer, startNatsServer } from "@tidings/testing";
import { Host, type HostOptions, type Service } from "tidings";
import { withDatabase } from "./database.ts";
import { ordering } from "./workload.ts";

/** Ordering and its subscriber at work. */
export interface Sides {
  /** The host of ordering. */
  readonly ordering: Host;
  /** The host of the subscriber: the same, when they share a database. */
  readonly billing: Host;
  /** The database of ordering. */
  readonly orderingUrl: string;
}

/** Lends ordering and a subscriber at work, with databases that are new and empty, and closes them afterwards. */
export type Transport = <T>(
  subscriber: Service,
  producers: number,
  use: (sides: Sides) => Promise<T>,
) => Promise<T>;

/** Both services in one database and one host. */
export function inOneDatabase(serverUrl: string): Transport {
  return (subscriber, producers, use) =>
    withDatabase(serverUrl, (url) =>
      withHost(url, [ordering, subscriber], { producers }, (host) =>
        use({ ordering: host, billing: host, orderingUrl: url }),
      ),
    );
}

/** Each service in a database and a host of its own, and between them one nats-server that is started for them. */
export function overNats(serverUrl: string): Transport {
  return (subscriber, producers, use) =>
    withDatabase(serverUrl, (orderingUrl) =>
      withNats((broker) =>
        withHost(orderingUrl, [ordering], { producers, broker }, (host) =>
          withBilling(serverUrl, subscriber, broker, (billing) =>
            use({ ordering: host, billing, orderingUrl }),
          ),
        ),
      ),
    );
}

/** Lends the host of a subscriber that is alone in a new database. */
export function withBilling<T>(
  serverUrl: string,
  subscriber: Service,
  broker: HostOptions["broker"],
  use: (host: Host) => Promise<T>,
): Promise<T> {
  return withDatabase(serverUrl, (url) => withHost(url, [subscriber], { producers: 1, broker }, use));
}

export async function withHost<T>(
  url: string,
  services: readonly Service[],
  { producers, broker }: { readonly producers: number; readonly broker?: HostOptions["broker"] },
  use: (host: Host) => Promise<T>,
): Promise<T> {
  const host = await Host.start(services, {
    databaseUrl: url,
    log: quiet,
    connections: { requests: producers },
    broker,
  });
  try {
    return await use(host);
  } finally {
    await host.close();
  }
}

/** Lends an empty nats-server, which keeps its streams in files, and the way to it. */
export async function withNats<T>(
  use: (broker: HostOptions["broker"], server: NatsServer) => Promise<T>,
): Promise<T> {
  const server = await startNatsServer();
  try {
    return await use(nats({ servers: server.url }), server);
  } finally {
    await server.stop();
  }
}

/** Failures end the run; what the library only notes is not printed between the lines of a measurement. */
const quiet = { info() {}, warn: console.error, error: console.error };
