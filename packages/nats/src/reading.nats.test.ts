import { type NatsServer, startNatsServer, until } from "@tidings/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { closeAll, connectBroker, connectClient, entriesOf, KeptLog, readAll } from "./broker.fixture.ts";

let server: NatsServer;
let applications = 0;

beforeAll(async () => {
  server = await startNatsServer();
}, 120_000);
afterEach(closeAll);
afterAll(() => server.stop());

async function openOrdering() {
  const app = `reading-${applications++}`;
  const log = new KeptLog();
  const broker = await connectBroker({ servers: server.url, app }, log);
  await broker.openLog("ordering");
  const { client, manager } = await connectClient(server.url);
  const stream = `${app}-ordering`;
  const consumer = () => manager.consumers.info(stream, `${app}-search_products`);
  return { app, log, broker, client, manager, stream, consumer };
}

describe("reading a log over NATS", { timeout: 20_000 }, () => {
  it("hands over all entries in order, and leaves nothing unacknowledged", async () => {
    const { broker, consumer } = await openOrdering();
    await broker.append("ordering", entriesOf(1, 5_000));
    const kept = await readAll(broker);
    await broker.append("ordering", entriesOf(5_001, 6_000));
    await until("all are read", () => kept.received.length === 6_000);
    expect(kept.positions).toEqual(Array.from({ length: 6_000 }, (_, index) => index + 1));
    expect(kept.received.map(({ sequence }) => sequence)).toEqual(kept.positions);
    expect(Math.max(...kept.batches)).toBeLessThanOrEqual(1_000);
    await until("all are acknowledged", async () => {
      const { num_ack_pending, num_pending } = await consumer();
      return num_ack_pending + num_pending === 0;
    });
  });

  it("begins behind what the reader needs no more", async () => {
    const { broker } = await openOrdering();
    await broker.append("ordering", entriesOf(1, 10));
    const kept = await readAll(broker, { after: 7 });
    await until("the rest is read", () => kept.received.length === 3);
    expect(kept.positions).toEqual([8, 9, 10]);
    const next = await readAll(broker, { after: 10, subscription: "search/other" });
    await broker.append("ordering", entriesOf(11, 11));
    await until("the new entry is read", () => next.received.length === 1);
    expect(next.positions).toEqual([11]);
  });

  it("gathers entries while a batch is handled, and hands over one batch at a time", async () => {
    const { broker } = await openOrdering();
    const gate = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const kept = await readAll(broker, {
      receive: async (entries) => {
        most = Math.max(most, ++running);
        await gate.promise;
        running--;
        return entries.at(-1)?.sequence ?? 0;
      },
    });
    await broker.append("ordering", entriesOf(1, 1));
    await until("the first is handed over", () => kept.batches.length === 1);
    await broker.append("ordering", entriesOf(2, 501));
    expect(kept.batches).toEqual([1]);
    gate.resolve();
    await until("all are read", () => kept.received.length === 501);
    expect(most).toBe(1);
    expect(kept.batches.length).toBeLessThan(20);
  });

  it("goes on when the reader still needs entries, and acknowledges only what it does not", async () => {
    const { broker, consumer } = await openOrdering();
    const kept = await readAll(broker, { receive: async () => 3 });
    await broker.append("ordering", entriesOf(1, 4_000));
    await until("all are read", () => kept.received.length === 4_000);
    await until("three are acknowledged", async () => (await consumer()).ack_floor.stream_seq === 3);
    expect((await consumer()).num_ack_pending).toBe(3_997);
  });

  it("pulls a bounded number of entries while the reader is slow", async () => {
    const { broker, consumer } = await openOrdering();
    const gate = Promise.withResolvers<void>();
    const kept = await readAll(broker, { receive: () => gate.promise.then(() => 20_000) });
    await broker.append("ordering", entriesOf(1, 20_000));
    await until("a batch is being handled", () => kept.batches.length === 1);
    await until("no more is pulled", async () => (await consumer()).num_waiting === 0);
    expect((await consumer()).num_pending).toBeGreaterThanOrEqual(17_000);
    gate.resolve();
    await until("all are read", () => kept.received.length === 20_000);
  });

  it("is taken over at once by whoever begins after it, and tells the one before", async () => {
    const { app, broker } = await openOrdering();
    const second = await connectBroker({ servers: server.url, app });
    await broker.append("ordering", entriesOf(1, 5));
    const before = await readAll(broker);
    await until("the first reads", () => before.received.length === 5);
    const began = performance.now();
    const after = await readAll(second, { after: 5 });
    await until("the first is told", () => before.ended.length === 1);
    await broker.append("ordering", entriesOf(6, 8));
    await until("the second reads", () => after.received.length === 3);
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(before.ended[0]?.message).toContain("another reader");
    expect(before.received).toHaveLength(5);
    expect(after.ended).toHaveLength(0);
  });

  it("begins within a tenth of a second", async () => {
    const { broker } = await openOrdering();
    const took: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const began = performance.now();
      await readAll(broker);
      took.push(performance.now() - began);
    }
    expect(Math.min(...took)).toBeLessThan(100);
  });

  it("ends with the error of a reader that fails", async () => {
    const { broker } = await openOrdering();
    const failure = new Error("the inbox is full");
    const kept = await readAll(broker, { receive: () => Promise.reject(failure) });
    await broker.append("ordering", entriesOf(1, 5));
    await until("it has ended", () => kept.ended.length === 1);
    expect(kept.ended).toEqual([failure]);
    await broker.append("ordering", entriesOf(6, 7));
    expect(kept.batches).toHaveLength(1);
  });

  it("ends when its stream is deleted", async () => {
    const { broker, manager, stream } = await openOrdering();
    const kept = await readAll(broker);
    await manager.streams.delete(stream);
    await until("it has ended", () => kept.ended.length === 1);
    await expect(readAll(broker)).rejects.toMatchObject({ code: "log-unknown" });
  });

  it("ends quietly when it is stopped, after the batch that is being handled", async () => {
    const { broker } = await openOrdering();
    const gate = Promise.withResolvers<void>();
    let isHandled = false;
    const kept = await readAll(broker, {
      receive: async () => {
        await gate.promise;
        isHandled = true;
        return 1;
      },
    });
    await broker.append("ordering", entriesOf(1, 1));
    await until("the batch is being handled", () => kept.batches.length === 1);
    const stopping = kept.reading?.stop();
    gate.resolve();
    await stopping;
    expect(isHandled).toBe(true);
    await kept.reading?.stop();
    await broker.append("ordering", entriesOf(2, 3));
    await broker.close();
    expect(kept.batches).toHaveLength(1);
    expect(kept.ended).toHaveLength(0);
  });

  it("begins at the first entry when the stream was lost and made anew", async () => {
    const { broker, manager, stream, log } = await openOrdering();
    await broker.append("ordering", entriesOf(1, 10));
    await manager.streams.delete(stream);
    await broker.openLog("ordering");
    await broker.append("ordering", entriesOf(11, 13));
    const kept = await readAll(broker, { after: 10 });
    await until("all are read", () => kept.received.length === 3);
    expect(kept.positions).toEqual([11, 12, 13]);
    expect(log.texts("warn")).toContain("The stream was made anew; it is read from its first entry.");
  });

  it("passes over a message that is no entry, which then counts as read", async () => {
    const { app, broker, client, consumer, log } = await openOrdering();
    const kept = await readAll(broker);
    await broker.append("ordering", entriesOf(1, 1));
    client.publish(`${app}.ordering.0.event.Garbage`, "{}");
    await client.flush();
    await until("all is acknowledged", async () => (await consumer()).ack_floor.stream_seq === 2);
    await broker.append("ordering", entriesOf(2, 2));
    await until("the next is read", () => kept.received.length === 2);
    const lines = log.lines.filter(({ text }) => text.includes("no entry"));
    expect(lines).toEqual([
      expect.objectContaining({
        level: "warn",
        fields: expect.objectContaining({ sequence: 2, subject: `${app}.ordering.0.event.Garbage` }),
      }),
    ]);
  });

  it.each([
    ["in the middle", 20],
    ["at the end", 2],
  ])("notices a delivery that went astray %s, and reads it again", async (_, last) => {
    const { broker, client, manager, stream, consumer, log } = await openOrdering();
    const kept = await readAll(broker);
    await until("the reader pulls", async () => (await consumer()).num_waiting === 1);
    let stolen = 0;
    const subscription = client.subscribe("stolen", {
      callback: () => {
        stolen++;
      },
    });
    client.publish(
      `$JS.API.CONSUMER.MSG.NEXT.${stream}.${(await consumer()).name}`,
      '{"batch":1,"expires":9000000000}',
      {
        reply: "stolen",
      },
    );
    await until("the thief pulls", async () => (await consumer()).num_waiting === 2);
    await broker.append("ordering", entriesOf(1, last));
    await until("a delivery is stolen", () => stolen > 0);
    await until("all are read", () => kept.received.length === last);
    expect(kept.positions).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    expect(kept.ended).toEqual([]);
    expect(log.lines.map(({ fields }) => fields)).toContainEqual(
      expect.objectContaining({ reason: "a delivery was lost" }),
    );
    subscription.unsubscribe();
    expect((await manager.consumers.info(stream, (await consumer()).name)).num_redelivered).toBe(0);
  });

  it("passes over what the server delivers again", async () => {
    const { broker, manager, stream, consumer } = await openOrdering();
    const kept = await readAll(broker, { receive: async () => 0 });
    await manager.consumers.update(stream, (await consumer()).name, { ack_wait: 100_000_000 });
    await broker.append("ordering", entriesOf(1, 5));
    await until("the server delivers again", async () => (await consumer()).num_redelivered === 5);
    await broker.append("ordering", entriesOf(6, 6));
    await until("the next is read", () => kept.positions.includes(6));
    expect(kept.positions).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("is not restored when another reader has the consumer by then", async () => {
    const { broker, client, manager, stream, consumer } = await openOrdering();
    const kept = await readAll(broker);
    await until("the reader pulls", async () => (await consumer()).num_waiting === 1);
    const { name } = await consumer();
    await manager.consumers.update(stream, name, { description: "another" });
    client.subscribe("lost");
    client.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, '{"batch":1,"expires":9000000000}', {
      reply: "lost",
    });
    await until("another pulls", async () => (await consumer()).num_waiting === 2);
    await broker.append("ordering", entriesOf(1, 20));
    await until("it has ended", () => kept.ended.length === 1);
    expect(kept.ended[0]?.message).toContain("belongs to another reader");
    expect((await consumer()).config.description).toBe("another");
  });

  it("of a log that nobody has opened fails, and says so", async () => {
    const { broker } = await openOrdering();
    await expect(readAll(broker, { source: "billing" })).rejects.toMatchObject({ code: "log-unknown" });
  });

  it("goes on by itself when the server is killed and started again, and loses nothing", async () => {
    const own = await startNatsServer();
    try {
      const log = new KeptLog();
      const broker = await connectBroker({ servers: own.url }, log);
      await broker.openLog("ordering");
      await broker.append("ordering", entriesOf(1, 3_000));
      const kept = await readAll(broker);
      await until("some are read", () => kept.received.length > 0);
      await own.kill();
      await until("the loss is noticed", () => !broker.isConnected);
      await own.restart();
      await until("the connection is back", () => broker.isConnected);
      await broker.append("ordering", entriesOf(3_001, 4_000));
      await until("all are read", () => kept.received.length >= 4_000);
      expect(kept.positions).toEqual(Array.from({ length: 4_000 }, (_, index) => index + 1));
      expect(kept.ended).toEqual([]);
      expect(log.texts("warn").filter((text) => text.includes("is lost"))).toHaveLength(1);
      expect(log.texts("info").filter((text) => text.includes("is back"))).toHaveLength(1);
    } finally {
      await closeAll();
      await own.stop();
    }
  });
});
