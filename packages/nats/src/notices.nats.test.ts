import type { ServiceNotice } from "@tidings/core";
import { type NatsServer, startNatsServer, until } from "@tidings/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { closeAll, connectBroker, connectClient, KeptLog } from "./broker.fixture.ts";

let server: NatsServer;
let applications = 0;

beforeAll(async () => {
  server = await startNatsServer();
}, 120_000);
afterEach(closeAll);
afterAll(() => server.stop());

async function openTwo() {
  const app = `notices-${applications++}`;
  const log = new KeptLog();
  const one = await connectBroker({ servers: server.url, app }, log);
  const two = await connectBroker({ servers: server.url, app });
  return { app, one, two, log };
}

const noticeOf = (service: string, sends: string[] = []): ServiceNotice => ({
  service,
  partitions: 32,
  sends,
});

describe("what services make known over NATS", { timeout: 20_000 }, () => {
  it("is known before a watch resolves, and then with each change, once", async () => {
    const { one, two } = await openTwo();
    await one.announce(noticeOf("ordering"));
    await one.announce(noticeOf("payments", ["a.B"]));
    const seen: ServiceNotice[] = [];
    await two.watch((notice) => seen.push(notice));
    expect(seen).toEqual([noticeOf("ordering"), noticeOf("payments", ["a.B"])]);
    await one.announce(noticeOf("ordering"));
    await one.announce(noticeOf("ordering", ["payments.PayOrder"]));
    await until("the change is seen", () => seen.length > 2);
    expect(seen.slice(2)).toEqual([noticeOf("ordering", ["payments.PayOrder"])]);
  });

  it("can be watched before there is anything, and read beside what nobody understands", async () => {
    const { app, one, two, log } = await openTwo();
    const seen: ServiceNotice[] = [];
    await one.watch((notice) => seen.push(notice));
    const { client } = await connectClient(server.url);
    client.publish(`$KV.${app}-services.broken`, "{");
    await two.announce(noticeOf("ordering"));
    await until("the notice is seen", () => seen.length === 1);
    expect(log.texts("warn")).toEqual(["A notice of a service cannot be read; it is passed over."]);
  });

  it("is seen within seconds also when the server has lost the watch", async () => {
    const { app, one, two } = await openTwo();
    const { manager } = await connectClient(server.url);
    const seen: string[] = [];
    await two.watch(({ service }) => seen.push(service));
    const stream = `KV_${app}-services`;
    const consumers = await manager.consumers.list(stream).next();
    expect(consumers).not.toHaveLength(0);
    for (const { name } of consumers) await manager.consumers.delete(stream, name);
    await one.announce(noticeOf("ordering"));
    await until("the notice is seen", () => seen.includes("ordering"));
  });

  it("is seen again when the server is killed and started again", async () => {
    const own = await startNatsServer();
    try {
      const [one, two] = await Promise.all([
        connectBroker({ servers: own.url }),
        connectBroker({ servers: own.url }),
      ]);
      const seen: string[] = [];
      await one.announce(noticeOf("ordering"));
      await two.watch(({ service }) => seen.push(service));
      await own.kill();
      await own.restart();
      await until("both are back", () => one.isConnected && two.isConnected);
      await one.announce(noticeOf("payments"));
      await until("the new one is seen", () => seen.includes("payments"));
      expect(seen).toEqual(["ordering", "payments"]);
    } finally {
      await closeAll();
      await own.stop();
    }
  });
});

describe("questions over NATS", { timeout: 20_000 }, () => {
  it("are answered by one of those who answer", async () => {
    const { one, two } = await openTwo();
    let answered = 0;
    const respond = async (question: unknown) => {
      answered++;
      return { heard: question };
    };
    await one.answer("ordering", respond);
    await two.answer("ordering", respond);
    expect(await two.ask("ordering", { id: 1 }, 1_000)).toEqual({ heard: { id: 1 } });
    expect(answered).toBe(1);
  });

  it("have no answer when nobody is there, when it takes too long, and when it fails", async () => {
    const { one, two, log } = await openTwo();
    expect(await two.ask("ordering", 1, 5_000)).toBeUndefined();
    const never = Promise.withResolvers<unknown>();
    await one.answer("ordering", (question) =>
      question === "slow" ? never.promise : Promise.reject(new Error("no such order")),
    );
    expect(await two.ask("ordering", "slow", 50)).toBeUndefined();
    expect(await two.ask("ordering", "wrong", 5_000)).toBeUndefined();
    expect(log.lines).toEqual([
      {
        level: "error",
        fields: { service: "ordering", reason: "no such order" },
        text: "A question could not be answered.",
      },
    ]);
    never.resolve(undefined);
  });

  it("do not land in a log", async () => {
    const { app, one, two } = await openTwo();
    await one.openLog("ordering");
    await one.answer("ordering", async () => "yes");
    expect(await two.ask("ordering", 1, 1_000)).toBe("yes");
    const { manager } = await connectClient(server.url);
    expect((await manager.streams.info(`${app}-ordering`)).state.messages).toBe(0);
  });
});
