import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NatsServer, startNatsServer, until } from "@tidings/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { closeAll, connectBroker, entriesOf, KeptLog, messageOf, readAll } from "./broker.fixture.ts";
import type { NatsOptions } from "./index.ts";
import { makeCertificates, makeCredentials } from "./security.fixture.ts";

const directory = mkdtempSync(join(tmpdir(), "tidings-nats-connection-"));
const file = (name: string) => join(directory, name);

afterEach(closeAll);
afterAll(() => rmSync(directory, { recursive: true }));

/** Starts a server for one test. */
async function withServer(config: string, test: (server: NatsServer) => Promise<void>): Promise<void> {
  const server = await startNatsServer({ config });
  try {
    await test(server);
  } finally {
    await closeAll();
    await server.stop();
  }
}

/** One entry there and back. */
async function exchange(options: NatsOptions): Promise<void> {
  const broker = await connectBroker(options);
  await broker.openLog("ordering");
  await broker.append("ordering", entriesOf(1, 1));
  const kept = await readAll(broker);
  await until("the entry is read", () => kept.received.length === 1);
}

async function refusal(options: NatsOptions): Promise<Error> {
  return connectBroker(options).then(
    () => Promise.reject(new Error("It was let in.")),
    (error: Error) => error,
  );
}

describe("a connection to NATS", { timeout: 20_000 }, () => {
  beforeAll(async () => {
    await withServer("", async () => {});
  }, 120_000);

  it("that is refused fails with one sentence that names the servers and no password", async () => {
    const error = await refusal({ servers: "nats://ann:hidden@127.0.0.1:1,nats://ann:hidden@127.0.0.1:2" });
    expect(error).toMatchObject({
      code: "broker-unavailable",
      message: "The NATS servers 127.0.0.1:1, 127.0.0.1:2 cannot be used: connection refused.",
    });
  });

  it("to a server that says nothing fails within ten seconds", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
    const address = silent.address();
    const port = typeof address === "object" ? address?.port : 0;
    const began = performance.now();
    expect(await refusal({ servers: `127.0.0.1:${port}` })).toMatchObject({
      code: "broker-unavailable",
      message: expect.stringContaining(`127.0.0.1:${port} cannot be used: nobody answers in time`),
    });
    expect(performance.now() - began).toBeLessThan(10_500);
    silent.close();
  });

  it("takes user and password, in options or in the address", async () => {
    await withServer('authorization { user: ann, password: "p@ss" }', async ({ url }) => {
      await exchange({ servers: url, user: "ann", password: "p@ss" });
      await exchange({ servers: url.replace("nats://", "nats://ann:p%40ss@"), app: "other" });
      for (const options of [{}, { user: "ann", password: "hidden" }, { token: "hidden" }]) {
        const error = await refusal({ servers: url, ...options });
        expect(error).toMatchObject({ code: "broker-unavailable" });
        expect(error.message).toContain("refuse the credentials");
        expect(error.message).not.toContain("hidden");
      }
    });
  });

  it("takes a token", async () => {
    await withServer("authorization { token: t0ken }", async ({ url }) => {
      await exchange({ servers: url, token: "t0ken" });
      await exchange({ servers: url.replace("nats://", "nats://t0ken@"), app: "other" });
    });
  });

  it("says what the user may not do", async () => {
    const config = `authorization { users: [{ user: ann, password: secret, permissions: {
      publish: { deny: ["$JS.API.STREAM.CREATE.>"] } } }] }`;
    await withServer(config, async ({ url }) => {
      const broker = await connectBroker({ servers: url, user: "ann", password: "secret" });
      await expect(broker.openLog("ordering")).rejects.toMatchObject({
        code: "broker-unavailable",
        message:
          'The log of ordering cannot be opened: the NATS user may not publish to "$JS.API.STREAM.CREATE.tidings-ordering"; grant it.',
      });
    });
  });

  it("needs no more permissions than the README names", async () => {
    const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");
    const permissions = /^publish: [\s\S]*?(?=^```)/m.exec(readme)?.[0];
    const user = `{ user: ann, password: secret, permissions: { ${permissions?.replaceAll("\n", " ").replace("] subscribe", "], subscribe")} } }`;
    await withServer(`authorization { users: [${user}] }`, async ({ url }) => {
      const options = { servers: url, user: "ann", password: "secret" };
      await exchange(options);
      const log = new KeptLog();
      const broker = await connectBroker({ ...options, maxAgeMs: 60_000 }, log);
      await broker.openLog("ordering");
      await broker.announce({ service: "ordering", partitions: 32, sends: [] });
      const seen: string[] = [];
      await broker.watch(({ service }) => seen.push(service));
      await broker.answer("ordering", async () => "yes");
      expect(await broker.ask("ordering", 1, 1_000)).toBe("yes");
      expect(seen).toEqual(["ordering"]);
      expect(log.lines).toEqual([]);
      await expect(broker.openLog("payments")).rejects.toMatchObject({
        message: expect.stringContaining('may not publish to "$JS.API.STREAM.CREATE.tidings-payments"'),
      });
    });
  });

  it("uses TLS, and trusts the given authority alone", async () => {
    makeCertificates(directory);
    const config = `tls { cert_file: "${file("server.pem")}", key_file: "${file("server.key")}", ca_file: "${file("ca.pem")}", verify: true }`;
    await withServer(config, async (server) => {
      const url = server.url.replace("127.0.0.1", "localhost");
      const tls = { caFile: file("ca.pem"), certFile: file("client.pem"), keyFile: file("client.key") };
      await exchange({ servers: url, tls });
      expect(await refusal({ servers: url.replace("nats:", "tls:") })).toMatchObject({
        code: "broker-unavailable",
        message: expect.stringMatching(/certificate/),
      });
      expect(await refusal({ servers: url, tls: { caFile: "/nowhere/ca.pem" } })).toMatchObject({
        message: expect.stringContaining("/nowhere/ca.pem"),
      });
    });
  });

  it("refuses a server without TLS when TLS is asked for", async () => {
    await withServer("", async ({ url }) => {
      expect(await refusal({ servers: url.replace("nats:", "tls:") })).toMatchObject({
        code: "broker-unavailable",
        message: expect.stringContaining("tls"),
      });
    });
  });

  it("refuses a server that does not take messages of 1,000,000 bytes", async () => {
    await withServer("max_payload: 500000", async ({ url }) => {
      expect(await refusal({ servers: url })).toMatchObject({
        code: "broker-drift",
        message: expect.stringContaining("has max_payload 500000 but should have at least 1016384"),
      });
    });
  });

  it("comes back also when the server refuses its credentials for a while", async () => {
    await withServer("authorization { user: ann, password: one }", async (server) => {
      const log = new KeptLog();
      const broker = await connectBroker({ servers: server.url, user: "ann", password: "one" }, log);
      const settings = join(server.directory, "server.conf");
      const right = readFileSync(settings, "utf8");
      writeFileSync(settings, right.replace("password: one", "password: two"));
      await server.restart();
      await until(
        "it is refused",
        () => log.texts("warn").filter((text) => text.includes("error")).length > 3,
      );
      writeFileSync(settings, right);
      await server.restart();
      await until("it is back", () => broker.isConnected);
      await broker.openLog("ordering");
    });
  });

  it("is closed at once while the server is gone", async () => {
    await withServer("", async (server) => {
      const broker = await connectBroker({ servers: server.url });
      await broker.openLog("ordering");
      const kept = await readAll(broker);
      await server.kill();
      await until("the loss is noticed", () => !broker.isConnected);
      const began = performance.now();
      await broker.close();
      expect(performance.now() - began).toBeLessThan(1_000);
      expect(kept.ended).toEqual([]);
      await expect(broker.append("ordering", entriesOf(1, 1))).rejects.toMatchObject({
        code: "broker-unavailable",
      });
    });
  });

  it("leaves a server that is frozen, within seconds, also with large messages under way", async () => {
    await withServer("", async (server) => {
      const log = new KeptLog();
      const broker = await connectBroker({ servers: server.url }, log);
      await broker.openLog("ordering");
      const kept = await readAll(broker);
      server.pause();
      const began = performance.now();
      const entries = entriesOf(1, 30).map((entry) => ({
        ...entry,
        message: messageOf("x".repeat(900_000)),
      }));
      await expect(broker.append("ordering", entries)).rejects.toMatchObject({ code: "broker-unavailable" });
      await until("the server is left", () => !broker.isConnected);
      expect(performance.now() - began).toBeLessThan(8_000);
      server.resume();
      await until("the connection is back", () => broker.isConnected);
      await broker.append("ordering", entries);
      await until("all are read", () => kept.hasAll(30));
      expect(kept.ended).toEqual([]);
      expect(log.texts("error")).toEqual([]);
    });
  });
});

describe("a credentials file", { timeout: 20_000 }, () => {
  it("lets its user in, and is not told when it is refused", async () => {
    const { config, credentials, seed } = makeCredentials();
    writeFileSync(file("user.creds"), credentials, { mode: 0o600 });
    await withServer(config, async ({ url }) => {
      await exchange({ servers: url, credentialsFile: file("user.creds") });
      writeFileSync(file("other.creds"), makeCredentials().credentials, { mode: 0o600 });
      const error = await refusal({ servers: url, credentialsFile: file("other.creds") });
      expect(error.message).toContain("refuse the credentials");
      expect(error.message).not.toContain(seed);
      expect(await refusal({ servers: url, credentialsFile: "/nowhere/user.creds" })).toMatchObject({
        code: "broker-unavailable",
      });
    });
  });
});
