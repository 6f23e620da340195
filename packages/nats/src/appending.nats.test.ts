import { type NatsServer, startNatsServer, until } from "@tidings/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { closeAll, connectBroker, connectClient, entriesOf, messageOf, readAll } from "./broker.fixture.ts";

let server: NatsServer;
let applications = 0;

beforeAll(async () => {
  server = await startNatsServer();
}, 120_000);
afterEach(closeAll);
afterAll(() => server.stop());

/** A broker for an application of its own, with the log of ordering. */
async function openOrdering() {
  const app = `appending-${applications++}`;
  const broker = await connectBroker({ servers: server.url, app });
  await broker.openLog("ordering");
  return { app, broker };
}

describe("appending to a log over NATS", { timeout: 20_000 }, () => {
  it("stores every entry with its subject, before it resolves", async () => {
    const { app, broker } = await openOrdering();
    const { manager } = await connectClient(server.url);
    const entries = entriesOf(1, 2_500);
    await broker.append("ordering", entries);
    const { state } = await manager.streams.info(`${app}-ordering`, { subjects_filter: ">" });
    expect(state.messages).toBe(2_500);
    expect(Object.keys(state.subjects ?? {}).sort()).toEqual(
      [0, 1, 2, 3].map((partition) => `${app}.ordering.${partition}.event.ordering.OrderPlaced`),
    );
    const kept = await readAll(broker);
    await until("all entries are read", () => kept.received.length === 2_500);
    expect(kept.received.map(({ sequence: _, ...entry }) => entry)).toEqual(entries);
  });

  it("takes an entry that the broker has already for stored", async () => {
    const { broker } = await openOrdering();
    const entries = entriesOf(1, 10);
    await broker.append("ordering", entries);
    await broker.append("ordering", [...entries, ...entriesOf(11, 12)]);
    const kept = await readAll(broker);
    await until("all are read", () => kept.positions.at(-1) === 12);
    expect(kept.positions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it("carries data of 1,000,000 bytes, and withholds what the server does not take", async () => {
    const { broker } = await openOrdering();
    const large = messageOf("x".repeat(999_998));
    const tooLarge = messageOf("x".repeat(1_048_576));
    await broker.append("ordering", [
      { partition: 0, position: 1, previous: 0, message: large },
      { partition: 0, position: 2, previous: 1, message: tooLarge },
    ]);
    const kept = await readAll(broker);
    await until("both are read", () => kept.received.length === 2);
    expect(kept.received.map(({ message }) => message)).toEqual([large, { ...tooLarge, data: null }]);
  });

  it("goes through the window many times when the entries are large", async () => {
    const { broker } = await openOrdering();
    const entries = entriesOf(1, 40).map((entry) => ({ ...entry, message: messageOf("x".repeat(500_000)) }));
    await broker.append("ordering", entries);
    const kept = await readAll(broker);
    await until("all are read", () => kept.received.length === 40);
    expect(kept.positions).toEqual(entries.map(({ position }) => position));
  });

  it("of nothing resolves", async () => {
    const { broker } = await openOrdering();
    await broker.append("ordering", []);
  });

  it("to a log that nobody has opened fails, and says so", async () => {
    const { broker } = await openOrdering();
    await expect(broker.append("billing", entriesOf(1, 3))).rejects.toMatchObject({
      code: "broker-unavailable",
      message: "The entries of billing could not be appended: no stream takes its entries at the moment.",
    });
  });

  it("fails when the stream refuses an entry, after the others are settled", async () => {
    const { app, broker } = await openOrdering();
    const { manager } = await connectClient(server.url);
    await manager.streams.update(`${app}-ordering`, { max_msg_size: 2_000 });
    const small = entriesOf(1, 100);
    const large = { partition: 0, position: 101, previous: 100, message: messageOf("x".repeat(5_000)) };
    await expect(broker.append("ordering", [large, ...small])).rejects.toMatchObject({
      code: "broker-unavailable",
      message: expect.stringContaining("message size exceeds maximum allowed"),
    });
    expect((await manager.streams.info(`${app}-ordering`)).state.messages).toBe(100);
  });

  it("fails at once when the server dies, and the same entries can be appended when it is back", async () => {
    const own = await startNatsServer();
    try {
      const broker = await connectBroker({ servers: own.url });
      await broker.openLog("ordering");
      const entries = entriesOf(1, 20_000);
      const appending = broker.append("ordering", entries);
      const failing = expect(appending).rejects.toMatchObject({ code: "broker-unavailable" });
      await own.kill();
      const killed = performance.now();
      await failing;
      expect(performance.now() - killed).toBeLessThan(2_000);
      await until("the loss is noticed", () => !broker.isConnected);
      await expect(broker.append("ordering", entries)).rejects.toMatchObject({ code: "broker-unavailable" });
      await own.restart();
      await until("the connection is back", () => broker.isConnected);
      await broker.append("ordering", entries);
      const kept = await readAll(broker);
      await until("all are read", () => kept.hasAll(20_000));
      expect(kept.positions).toEqual(entries.map(({ position }) => position));
    } finally {
      await closeAll();
      await own.stop();
    }
  });

  it("is finished before the broker is closed", async () => {
    const { app, broker } = await openOrdering();
    const appending = broker.append("ordering", entriesOf(1, 3_000));
    await Promise.all([appending, broker.close(), broker.close()]);
    const { manager } = await connectClient(server.url);
    expect((await manager.streams.info(`${app}-ordering`)).state.messages).toBe(3_000);
  });
});
