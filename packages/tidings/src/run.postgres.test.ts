import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { createTestDatabase, type TestDatabase, until } from "@tidings/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

let database: TestDatabase;
const children: ChildProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => database.drop());

interface Program {
  readonly child: ChildProcess;
  /** The next thing that it tells. */
  told(): Promise<string>;
  /** Its exit code, or the signal that ended it, when all of its output is there. */
  readonly ended: Promise<unknown>;
  output(): string;
}

function start(env: Record<string, string> = {}): Program {
  const file = fileURLToPath(new URL("./small-program.fixture.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=source", file], {
    env: { ...process.env, DATABASE_URL: database.url, PORT: "0", LOG_LEVEL: "silent", ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (text) => {
      output += text;
    });
  }
  const messages: string[] = [];
  child.on("message", (message) => messages.push(String(message)));
  const flushed = [child.stdout, child.stderr].map((stream) => stream && once(stream, "close"));
  const ended = once(child, "exit").then(async ([code, signal]) => {
    await Promise.all(flushed);
    return signal ?? code;
  });
  const told = () => until("it tells something", () => messages.shift(), { timeout: 15_000 });
  return { child, told, ended, output: () => output };
}

async function startHeld() {
  const program = start();
  const url = await program.told();
  const answer = fetch(`${url}/held`);
  answer.catch(() => {});
  expect(await program.told()).toBe("held");
  return { ...program, url, answer };
}

/** Waits until it has begun to end: it takes no new connection. */
const whenEnding = (url: string) =>
  until("it takes no new connection", async () =>
    fetch(`${url}/livez`).then(
      () => false,
      () => true,
    ),
  );

it("says every problem of its settings at once, and nothing else", async () => {
  const program = start({ PORT: "70000", DATABASE_URL: "mysql://ann:secret@db/shop", LOG_LEVEL: "loud" });
  expect(await program.ended).toBe(1);
  expect(program.output()).toBe(
    'PORT is "70000", which is not a number from 0 to 65535; DATABASE_URL does not begin with postgres://; ' +
      'LOG_LEVEL is "loud", which is none of trace, debug, info, warn, error, fatal, silent.\n',
  );
});

it("says in one sentence that the database cannot be reached", async () => {
  const program = start({ DATABASE_URL: "postgres://ann:secret@127.0.0.1:1/shop" });
  expect(await program.ended).toBe(1);
  expect(program.output()).toBe(
    "The database shop at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1.\n",
  );
});

it("says in one sentence that its port is in use", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const program = start({ PORT: String(port) });
  expect(await program.ended).toBe(1);
  expect(program.output()).toBe(
    `The address 127.0.0.1:${port} is in use: stop the program that listens there, or set PORT to another port.\n`,
  );
  server.close();
});

it("says in one sentence that its address is none of the machine's", async () => {
  const program = start({ HOST: "192.0.2.1" });
  expect(await program.ended).toBe(1);
  expect(program.output()).toMatch(/^The address 192\.0\.2\.1:0 cannot be used: [^\n]+\.\n$/);
});

it.each(["SIGTERM", "SIGINT"] as const)(
  "answers a running request and ends with 0 after %s",
  async (signal) => {
    const { child, url, answer, ended } = await startHeld();
    child.kill(signal);
    await whenEnding(url);
    child.kill("SIGUSR2");
    expect(await (await answer).json()).toEqual({ held: true });
    expect(await ended).toBe(0);
  },
);

it("takes two signals in quick succession for one", async () => {
  const { child, url, answer, ended } = await startHeld();
  child.kill("SIGINT");
  await whenEnding(url);
  child.kill("SIGINT");
  child.kill("SIGUSR2");
  expect((await answer).status).toBe(200);
  expect(await ended).toBe(0);
});

it("ends at once after a second signal, with the code of that signal", async () => {
  const { child, url, answer, ended } = await startHeld();
  child.kill("SIGTERM");
  await whenEnding(url);
  const again = setInterval(() => child.kill("SIGINT"), 50);
  expect(await ended.finally(() => clearInterval(again))).toBe(130);
  await expect(answer).rejects.toThrow();
});

it("ends without loss when the program that started it is gone", async () => {
  const { child, url, answer, ended } = await startHeld();
  child.disconnect();
  await whenEnding(url);
  child.kill("SIGUSR2");
  expect((await answer).status).toBe(200);
  expect(await ended).toBe(0);
});

it("does not take the end of the program that started it for a second signal", async () => {
  const { child, url, answer, ended } = await startHeld();
  child.kill("SIGTERM");
  await whenEnding(url);
  const since = performance.now();
  await until("a second signal would count", () => performance.now() - since > 600);
  child.disconnect();
  child.kill("SIGUSR2");
  expect((await answer).status).toBe(200);
  expect(await ended).toBe(0);
});
