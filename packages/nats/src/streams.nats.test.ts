import { RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { type NatsServer, startNatsServer } from "@tidings/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { closeAll, connectBroker, connectClient, entriesOf } from "./broker.fixture.ts";

let server: NatsServer;
let applications = 0;

beforeAll(async () => {
  server = await startNatsServer();
}, 120_000);
afterEach(closeAll);
afterAll(() => server.stop());

const nextApp = () => `streams-${applications++}`;

describe("opening a log in NATS", { timeout: 20_000 }, () => {
  it("makes its stream as the options say", async () => {
    const app = nextApp();
    const broker = await connectBroker({
      servers: server.url,
      app,
      maxAgeMs: 3_600_000,
      maxBytes: 50_000_000,
    });
    await broker.openLog("ordering");
    const { manager } = await connectClient(server.url);
    expect((await manager.streams.info(`${app}-ordering`)).config).toMatchObject({
      subjects: [`${app}.ordering.>`],
      storage: "file",
      retention: "limits",
      discard: "old",
      max_age: 3_600_000 * 1e6,
      max_bytes: 50_000_000,
      num_replicas: 1,
      duplicate_window: 120_000 * 1e6,
    });
  });

  it("can be done by many at once, and again", async () => {
    const app = nextApp();
    const brokers = await Promise.all(
      Array.from({ length: 4 }, () => connectBroker({ servers: server.url, app })),
    );
    for (let turn = 0; turn < 10; turn++) {
      await Promise.all(brokers.map((broker) => broker.openLog(`ordering-${turn}`)));
    }
    await Promise.all(brokers.map((broker) => broker.openLog("ordering")));
    await brokers[0]?.append("ordering", entriesOf(1, 5));
    await Promise.all(brokers.map((broker) => broker.openLog("ordering")));
    const { manager } = await connectClient(server.url);
    expect((await manager.streams.info(`${app}-ordering`)).state.messages).toBe(5);
  });

  it("changes what can be changed, and keeps the entries", async () => {
    const app = nextApp();
    const { manager } = await connectClient(server.url);
    const before = await connectBroker({ servers: server.url, app });
    await before.openLog("ordering");
    await before.append("ordering", entriesOf(1, 5));
    await manager.streams.update(`${app}-ordering`, {
      subjects: [`${app}.ordering.1.>`],
      max_msg_size: 1_000,
      duplicate_window: 5e9,
    });
    const after = await connectBroker({ servers: server.url, app, maxAgeMs: 60_000, maxBytes: 9_000_000 });
    await after.openLog("ordering");
    const { config, state } = await manager.streams.info(`${app}-ordering`);
    expect(config).toMatchObject({
      subjects: [`${app}.ordering.>`],
      max_age: 60_000 * 1e6,
      max_bytes: 9_000_000,
      max_msg_size: -1,
      duplicate_window: 60_000 * 1e6,
    });
    expect(state.messages).toBe(5);
  });

  it.each([
    [
      "storage",
      { storage: StorageType.Memory },
      (app: string) => `The stream "${app}-ordering" has storage memory but should have file:`,
    ],
    [
      "retention",
      { retention: RetentionPolicy.Workqueue },
      (app: string) => `The stream "${app}-ordering" has retention workqueue but should have limits:`,
    ],
    [
      "subjects of another",
      { subjects: ["elsewhere-0.>"] },
      (app: string) =>
        `The stream "${app}-ordering" has subjects elsewhere-0.> but should have ${app}.ordering.>:`,
    ],
    [
      "no_ack",
      { no_ack: true },
      (app: string) => `The stream "${app}-ordering" has no_ack true but should have false:`,
    ],
  ])("refuses a stream that differs in what cannot be changed: %s", async (_, difference, sentence) => {
    const app = nextApp();
    const { manager } = await connectClient(server.url);
    await manager.streams.add({ name: `${app}-ordering`, subjects: [`${app}.ordering.>`], ...difference });
    const broker = await connectBroker({ servers: server.url, app });
    await expect(broker.openLog("ordering")).rejects.toMatchObject({
      code: "broker-drift",
      message: expect.stringContaining(sentence(app)),
    });
  });

  it("refuses to share its subjects, and names the stream that has them", async () => {
    const app = nextApp();
    const { manager } = await connectClient(server.url);
    await manager.streams.add({ name: `all-of-${app}`, subjects: [`${app}.>`] });
    const broker = await connectBroker({ servers: server.url, app });
    await expect(broker.openLog("ordering")).rejects.toMatchObject({
      code: "broker-drift",
      message: expect.stringContaining(`the stream "all-of-${app}" has them`),
    });
  });

  it("refuses replicas on a server that is alone", async () => {
    const broker = await connectBroker({ servers: server.url, app: nextApp(), replicas: 3 });
    await expect(broker.openLog("ordering")).rejects.toMatchObject({
      code: "broker-drift",
      message: expect.stringContaining("should have num_replicas 3, but this NATS is no cluster"),
    });
  });
});
