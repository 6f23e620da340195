import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { stores } from "@mall/stores/service";
import { createTestDatabase, type TestDatabase, until } from "@tidings/testing";
import { pino } from "pino";
import { Host } from "tidings";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const program = resolve(import.meta.dirname, "serve.ts");
const running = new Set<ChildProcess>();
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
});
afterAll(() => database?.drop());

/** Runs the program, with nothing in its environment but this. */
function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, ["--conditions=source", program, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  running.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
  const exit = once(child, "close").then(([code]) => {
    running.delete(child);
    return { code: code as number | null, said: output.trim() };
  });
  return { child, output: () => output, exit };
}

describe("mall/serve.ts", () => {
  it("--migrate installs a service in its database and ends, also several times at once", async () => {
    const migrate = () => serve(["depot", "--migrate"], { DATABASE_URL: database.url }).exit;
    const done = { code: 0, said: "depot is installed." };
    expect(await Promise.all([migrate(), migrate()])).toEqual([done, done]);
    const host = await Host.start([stores], { databaseUrl: database.url, log: pino({ level: "silent" }) });
    const { rows } = await host.runtime("stores").pool.query("select count(*)::int as bots from depot.bots");
    await host.close();
    expect(rows).toEqual([{ bots: 0 }]);
    expect(await migrate()).toEqual(done);
  });

  it("--migrate that cannot reach the database says so in one sentence, without the password", async () => {
    const DATABASE_URL = "postgres://depot:hush@127.0.0.1:9/mall";
    const { code, said } = await serve(["depot", "--migrate"], { DATABASE_URL }).exit;
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(/^The database mall at 127.0.0.1:9 cannot be reached: .+$/),
    ]);
    expect(said).not.toContain("hush");
  });

  it("says all that is wrong at once, and what it can serve", async () => {
    const [wrong, unknown, help] = await Promise.all([
      serve(["payments"], { PORT: "x" }).exit,
      serve(["payment"]).exit,
      serve(["--help"]).exit,
    ]);
    expect(wrong.code).toBe(1);
    expect(wrong.said.split("\n").map((line) => line.split(" ")[0])).toEqual([
      ...["PORT", "DATABASE_URL", "NATS_URL", "LIVE_TICKET_KEY", "PROCESSOR_URL"],
    ]);
    expect(unknown).toEqual({ code: 2, said: expect.stringMatching(/not payment\. --help says more\.$/) });
    expect(help).toEqual({ code: 0, said: expect.stringContaining("checkout notifications search") });
  });
});

describe("The bots as a process", () => {
  let mall: Server;
  let mallUrl: string;
  const asked = new Set<string>();
  beforeAll(async () => {
    mall = createServer(({ method, url }, response) => {
      asked.add(`${method} ${url}`);
      response.writeHead(503, { "content-type": "application/json" }).end("{}");
    });
    mall.listen(0, "127.0.0.1");
    await once(mall, "listening");
    mallUrl = `http://127.0.0.1:${(mall.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    mall.closeAllConnections();
    mall.close();
  });

  async function whenAtWork(bots: ReturnType<typeof serve>) {
    await until("they are at work", () => bots.output().includes("bots are at work") && asked.size > 0, {
      timeout: 30_000,
    });
  }

  it("outlive a Mall that is not ready, and end in order at a signal or with their parent", async () => {
    const one = serve(["bots"], { MALL_URL: mallUrl, PORT: "0" });
    await whenAtWork(one);
    one.child.kill("SIGTERM");
    expect(await one.exit).toMatchObject({ code: 0 });
    const other = serve(["bots"], { MALL_URL: mallUrl, PORT: "0" });
    await whenAtWork(other);
    const ended = once(other.child, "exit");
    other.child.disconnect();
    expect(await ended).toEqual([0, null]);
  });
});
