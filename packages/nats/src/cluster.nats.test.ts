import { type NatsServer, startNatsCluster, until } from "@tidings/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { closeAll, connectBroker, connectClient, entriesOf, KeptLog, readAll } from "./broker.fixture.ts";

let nodes: readonly NatsServer[];

beforeAll(async () => {
  nodes = await startNatsCluster(3);
}, 120_000);
afterEach(closeAll);
afterAll(() => Promise.all(nodes.map((node) => node.stop())));

const addresses = () => nodes.map(({ url }) => url);

async function nameOf(node: NatsServer): Promise<unknown> {
  return (await node.monitor("/varz")).server_name;
}

describe("a cluster of three NATS servers", { timeout: 60_000 }, () => {
  it("keeps a log with three replicas, and serves it on while the leader of its stream is dead", async () => {
    const log = new KeptLog();
    const broker = await connectBroker({ servers: addresses(), replicas: 3, app: "cluster" }, log);
    await broker.openLog("ordering");
    await broker.announce({ service: "ordering", partitions: 32, sends: [] });
    const kept = await readAll(broker);
    await broker.append("ordering", entriesOf(1, 2_000));
    await until("some are read", () => kept.received.length > 0);

    const leader = await leaderOf("cluster-ordering");
    const killed = performance.now();
    await leader.kill();
    await appendUntilStored(broker, 2_001, 3_000);
    const appended = performance.now() - killed;
    await until("all are read", () => kept.hasAll(3_000), { timeout: 25_000 });
    const read = performance.now() - killed;
    expect({ appended, read, ended: kept.ended }).toMatchObject({ ended: [] });
    expect(Math.max(appended, read)).toBeLessThan(20_000);

    await leader.restart();
    await appendUntilStored(broker, 3_001, 3_100);
    await until("the rest is read", () => kept.hasAll(3_100), { timeout: 25_000 });
    const again = await readAll(broker, { subscription: "search/again" });
    await until("all are there", () => again.hasAll(3_100), { timeout: 25_000 });
  });

  it("hands a reading over within a tenth of a second", async () => {
    const broker = await connectBroker({ servers: addresses(), replicas: 3, app: "handover" });
    await broker.openLog("ordering");
    await readAll(broker);
    const took: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const began = performance.now();
      await readAll(broker);
      took.push(performance.now() - began);
    }
    expect(Math.min(...took)).toBeLessThan(100);
  });

  it("goes on with a reading whose consumer was on a server that died, while the connection stays", async () => {
    const [here] = nodes;
    const broker = await connectBroker({ servers: here?.url ?? "", replicas: 3, app: "consumer" });
    await broker.openLog("ordering");
    const { manager } = await connectClient(here?.url ?? "");
    const keeper = async () => {
      const { cluster } = await manager.consumers.info("consumer-ordering", "consumer-search_products");
      const names = await Promise.all(nodes.map(nameOf));
      return nodes[names.indexOf(cluster?.leader)];
    };
    let kept = await readAll(broker);
    await until("the consumer is on another server", async () => {
      if ((await keeper()) !== here) return true;
      kept = await readAll(broker);
      return false;
    });
    const other = await keeper();
    await other?.kill();
    await appendUntilStored(broker, 1, 100);
    await until("all are read", () => kept.hasAll(100), { timeout: 25_000 });
    expect(kept.ended).toEqual([]);
    expect(broker.isConnected).toBe(true);
    await other?.restart();
  });

  it("says that it is too small for the replicas that are asked for", async () => {
    const broker = await connectBroker({ servers: addresses(), replicas: 5, app: "large" });
    await expect(broker.openLog("ordering")).rejects.toMatchObject({
      code: "broker-unavailable",
      message: expect.stringContaining(
        'the stream "large-ordering" should have num_replicas 5, and there are not so many NATS servers in reach',
      ),
    });
  });
});

async function leaderOf(stream: string): Promise<NatsServer> {
  const { manager } = await connectClient(nodes[0]?.url ?? "");
  const { cluster } = await manager.streams.info(stream);
  const names = await Promise.all(nodes.map(nameOf));
  const leader = nodes[names.indexOf(cluster?.leader)];
  if (!leader) throw new Error("The stream has no leader.");
  return leader;
}

/** As the relay does: the same entries again until the broker has them all. */
async function appendUntilStored(
  broker: Awaited<ReturnType<typeof connectBroker>>,
  from: number,
  to: number,
): Promise<void> {
  const entries = entriesOf(from, to);
  await until(
    "the entries are stored",
    () =>
      broker.append("ordering", entries).then(
        () => true,
        () => false,
      ),
    { timeout: 25_000, interval: 100 },
  );
}
