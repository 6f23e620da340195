import { removeSubscription } from "@tidings/postgres";
import { readHeads } from "@tidings/postgres/internal";
import { type NatsServer, until } from "@tidings/testing";
import type { Host } from "tidings";
import { withClient, withDatabase } from "./database.ts";
import type { Load } from "./delivery.ts";
import { placeOrders } from "./drain.ts";
import { withBilling, withHost, withNats } from "./hosts.ts";
import { verify, whenHandled } from "./verify.ts";
import { billingInBatches, ordering } from "./workload.ts";

export interface RelayRates {
  /** Messages per second from the start of ordering's host until the broker has all, with no subscriber at work. */
  readonly alone: number;
  /** Messages per second until a set-based subscriber, which works at the same time, has handled all. */
  readonly drain: number;
}

/** How fast a backlog in the outbox goes over to JetStream, and how fast on to a subscriber in another database. */
export async function measureRelay(serverUrl: string, load: Load): Promise<RelayRates> {
  return withDatabase(serverUrl, async (url) => {
    await placeOrders(url, { ...load, perTransaction: 20 });
    const alone = await relayAlone(serverUrl, url, load);
    await forgetRelay(url);
    return { alone, drain: await drain(serverUrl, url, load) };
  });
}

/** A subscriber comes when the time has been taken, so that what was relayed can be verified. */
async function relayAlone(serverUrl: string, url: string, { count, producers }: Load): Promise<number> {
  return withNats(async (broker, server) => {
    const started = performance.now();
    return withHost(url, [ordering], { producers, broker }, async (host) => {
      await whenRelayed(host);
      const seconds = (performance.now() - started) / 1_000;
      await verifyStored(server, count);
      await withBilling(serverUrl, billingInBatches, broker, async (billing) => {
        const sides = { ordering: host, billing };
        await whenHandled(sides);
        await verify(sides, count);
      });
      return count / seconds;
    });
  });
}

async function drain(serverUrl: string, url: string, { count, producers }: Load): Promise<number> {
  return withNats(async (broker) => {
    const started = performance.now();
    return withHost(url, [ordering], { producers, broker }, (host) =>
      withBilling(serverUrl, billingInBatches, broker, async (billing) => {
        const sides = { ordering: host, billing };
        await whenHandled(sides);
        const seconds = (performance.now() - started) / 1_000;
        await verify(sides, count);
        return count / seconds;
      }),
    );
  });
}

const relayName = "@relay";

/** Waits until the relay's cursors are at the heads of the log. */
async function whenRelayed(host: Host): Promise<void> {
  const { pool, store } = host.runtime("ordering");
  const heads = await readHeads(pool, store);
  const isRelayed = async () => {
    const { rows } = await pool.query<{ partition: number; position: string }>(
      `select partition, max(position) as position from ${store.table("cursors")} where subscription = $1 group by 1`,
      [relayName],
    );
    const cursors = new Map(rows.map(({ partition, position }) => [partition, Number(position)]));
    return [...heads].every(([partition, head]) => cursors.get(partition) === head);
  };
  await until("the relay has handed everything over", isRelayed, { timeout: 180_000, interval: 20 });
}

/** @throws Error when the broker does not have all of ordering's log */
async function verifyStored(server: NatsServer, count: number): Promise<void> {
  const state = (await server.monitor("/jsz?streams=true")) as unknown as StreamStates;
  const streams = state.account_details.flatMap((account) => account.stream_detail ?? []);
  const stored = streams.find(({ name }) => name.endsWith("-ordering"))?.state.messages ?? 0;
  if (stored !== count) throw new Error(`The broker has ${stored} messages of ${count}.`);
}

/** What `/jsz` tells, as far as it matters here. */
interface StreamStates {
  readonly account_details: readonly {
    readonly stream_detail?: readonly {
      readonly name: string;
      readonly state: { readonly messages: number };
    }[];
  }[];
}

/** The next relay begins at the beginning of the log. */
async function forgetRelay(url: string): Promise<void> {
  await withHost(url, [ordering], { producers: 1 }, (host) =>
    withClient(url, (client) =>
      removeSubscription(client, host.runtime("ordering").store, relayName, "ordering"),
    ),
  );
}
