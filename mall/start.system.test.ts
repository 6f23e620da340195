import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createTestDatabase, until } from "@tidings/testing";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { testSecret, tokenFor } from "./access.fixture.ts";

const repository = resolve(import.meta.dirname, "..");
const directory = mkdtempSync(join(tmpdir(), "mall-start-"));
chmodSync(directory, 0o755);
const running = new Set<Started>();

afterEach(async () => {
  for (const mall of running) {
    mall.process.kill("SIGTERM");
    await mall.exit;
  }
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Where no card processor is. */
const elsewhere = "http://127.0.0.1:9";

interface Started {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<{ code: number | null; said: string }>;
}

/** Does what `npm start` does, with data of its own and on any free port. */
function start(settings: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, [join(repository, "tools/run.mjs"), "start"], {
    env: { ...process.env, DATABASE_URL: "", PORT: "0", MALL_DATA: directory, ...settings },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const mall: Started = {
    process: child,
    output: () => output,
    exit: new Promise((done) =>
      child.once("close", (code) => {
        running.delete(mall);
        done({ code, said: output.trim() });
      }),
    ),
  };
  running.add(mall);
  return mall;
}

/** The line that places an order, once the Mall is open. */
async function whenOpen(mall: Started) {
  const pattern = /curl -s (\S+) -H 'content-type: application\/json' -d '(.+)'/;
  const [, address = "", body = ""] = await until("the Mall is open", () => pattern.exec(mall.output()), {
    timeout: 30_000,
  });
  const place = async () => {
    const headers = { "content-type": "application/json" };
    return (await fetch(address, { method: "POST", headers, body })).json() as Promise<{
      metadata: { orderId: string };
    }>;
  };
  return { url: new URL(address).origin, place };
}

function readOrder(url: string, id: string) {
  return until("the order is there", async () => {
    const answer = await fetch(`${url}/api/orders/${id}`);
    return answer.status === 200 && ((await answer.json()) as { status: string });
  });
}

function pidIn(file: string): number {
  return Number(readFileSync(join(directory, file), "utf8").split("\n")[0]);
}

/** Whether the process is there, other than as an entry that its parent has not taken notice of. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

describe("npm start", { timeout: 90_000 }, () => {
  it("opens a Mall that takes an order and keeps it over Ctrl-C and kill -9", async () => {
    const first = start();
    const { url, place } = await whenOpen(first);
    const { orderId } = (await place()).metadata;
    expect(await readOrder(url, orderId)).toMatchObject({ status: "pending" });

    const locked = await start().exit;
    const holder = pidIn("lock");
    expect(locked).toEqual({
      code: 1,
      said: `The data directory ${directory} is in use by process ${holder}; stop it, or set MALL_DATA to another directory.`,
    });

    const postgres = pidIn("data/postmaster.pid");
    process.kill(-Number(first.process.pid), "SIGINT");
    expect(await first.exit).toMatchObject({ code: 0, said: expect.not.stringContaining("rror") });
    expect([holder, postgres].map(isAlive)).toEqual([false, false]);

    const second = start();
    await readOrder((await whenOpen(second)).url, orderId);
    process.kill(pidIn("lock"), "SIGKILL");
    expect((await second.exit).code).toBe(137);

    const third = start();
    await readOrder((await whenOpen(third)).url, orderId);
    const pids = [pidIn("lock"), pidIn("data/postmaster.pid")];
    third.process.kill("SIGKILL");
    await until("the program has followed the one that started it", () => !pids.some(isAlive));
  });

  it("that is broken off while it starts ends without a word and leaves nothing behind", async () => {
    const mall = start();
    const pids = await until("PostgreSQL is there", () => [pidIn("lock"), pidIn("data/postmaster.pid")]);
    process.kill(-Number(mall.process.pid), "SIGINT");
    expect(await mall.exit).toEqual({ code: 0, said: expect.not.stringContaining("rror") });
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it("uses the database that DATABASE_URL names, and says in one sentence that its port is taken", async () => {
    const database = await createTestDatabase();
    const mall = start({ DATABASE_URL: database.url });
    const { url, place } = await whenOpen(mall);
    await readOrder(url, (await place()).metadata.orderId);
    const { port } = new URL(url);
    expect(await start({ DATABASE_URL: database.url, PORT: port }).exit).toEqual({
      code: 1,
      said: `The address 127.0.0.1:${port} is in use: stop the program that listens there, or set PORT to another port.`,
    });
    mall.process.kill("SIGTERM");
    expect((await mall.exit).code).toBe(0);
    await database.drop();
  });

  it.each([
    ["DATABASE_URL", "postgres://x@127.0.0.1:9/x", "cannot be reached"],
    ["DATABASE_URL", "mysql://x", "DATABASE_URL does not begin with postgres://."],
    ["PORT", "80a", "PORT is "],
    ["HOST", "0.0.0.0", "HOST must be "],
    ["MALL_DEMO", "0", "Outside demo mode MALL_JWT_SECRET or MALL_JWKS_URL must be set"],
    ["MALL_DEMO", "no", "MALL_DEMO must be 1 or 0, not no."],
    ["MALL_JWT_SECRET", "a".repeat(31), "MALL_JWT_SECRET must have at least 32 bytes."],
    ["MALL_JWKS_URL", "example.com/keys", "MALL_JWKS_URL must be an address"],
    ["MALL_CURRENCY", "usd", "MALL_CURRENCY must be "],
    ["LOG_LEVEL", "loud", 'LOG_LEVEL is "loud"'],
  ])("with %s=%s says so in one sentence", async (name, value, sentence) => {
    const { code, said } = await start({ PROCESSOR_URL: elsewhere, [name]: value }).exit;
    expect([code, said.split("\n").length, said]).toEqual([1, 1, expect.stringContaining(sentence)]);
  });

  it("tells all that is wrong at once, but not the secret", async () => {
    const secret = "tr0ub4dor";
    const settings = {
      PROCESSOR_URL: elsewhere,
      MALL_DEMO: "0",
      MALL_JWT_SECRET: secret,
      MALL_JWKS_URL: "x",
      MALL_CURRENCY: "usd",
    };
    const { code, said } = await start(settings).exit;
    expect([code, said.split("\n").length, said]).toEqual([1, 4, expect.not.stringContaining(secret)]);
  });

  it("outside demo mode asks for a token, and may be reached from elsewhere", async () => {
    const database = await createTestDatabase();
    const access = { MALL_DEMO: "0", MALL_JWT_SECRET: testSecret, HOST: "0.0.0.0", PROCESSOR_URL: elsewhere };
    const mall = start({ DATABASE_URL: database.url, ...access });
    const pattern = /health +http:\/\/[\d.]+:(\d+)/;
    const [, port = ""] = await until("the Mall is open", () => pattern.exec(mall.output()), {
      timeout: 30_000,
    });
    const open = async (authorization?: string) => {
      const headers = { "content-type": "application/json", ...(authorization && { authorization }) };
      const body = JSON.stringify({ name: "The Paper Lantern", location: "North wing" });
      return (await fetch(`http://127.0.0.1:${port}/api/stores`, { method: "POST", headers, body })).status;
    };
    expect(await open()).toBe(401);
    expect(await open(`Bearer ${await tokenFor({ roles: ["shopper"] })}`)).toBe(403);
    expect(await open(`Bearer ${await tokenFor({ roles: ["store"] })}`)).toBe(201);
    expect(mall.output()).not.toContain(testSecret);
    mall.process.kill("SIGTERM");
    expect((await mall.exit).code).toBe(0);
    await database.drop();
  });
});
