import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { until } from "@tidings/testing";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runningPostmaster, stopPostmaster } from "./embedded-postgres/postmaster.ts";
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from "./embedded-postgres.ts";

const isRoot = process.getuid?.() === 0;
const hint = "set MALL_DATA to another directory";
const holder = new URL("./embedded-postgres/start-and-hold.fixture.ts", import.meta.url);

let parent: string;
let directory: string;
let children: ChildProcess[];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "tidings-embedded-"));
  chmodSync(parent, 0o755);
  directory = join(parent, "data directory's");
  children = [];
});

afterEach(async () => {
  for (const child of children) await kill(child);
  await stopPostmaster(join(directory, "data"));
  rmSync(parent, { recursive: true, force: true });
});

const start = (options: Partial<EmbeddedPostgresOptions> = {}) =>
  startEmbeddedPostgres({ directory, hint, ...options });

describe("startEmbeddedPostgres", { timeout: 60_000 }, () => {
  it("serves a database that asks for a password, on 127.0.0.1 alone", async () => {
    const postgres = await start();
    const rows = await query(
      postgres.url,
      "SELECT current_setting('listen_addresses') AS address, current_setting('fsync') AS fsync, 'ß' AS text",
    );
    expect(rows).toEqual([{ address: "127.0.0.1", fsync: "on", text: "ß" }]);
    await expect(query(postgres.url.replace(/postgres:\w+@/, "postgres:wrong@"), "SELECT 1")).rejects.toThrow(
      "password authentication failed",
    );
    expect(statSync(join(directory, "password")).mode & 0o777).toBe(0o600);
    await postgres.close();
    expect(existsSync(join(directory, "lock"))).toBe(false);
  });

  it("keeps the data from one start to the next, and close may be repeated", async () => {
    const first = await start();
    await query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    await Promise.all([first.close(), first.close()]);
    const second = await start();
    expect(await query(second.url, "SELECT * FROM kept")).toEqual([{ answer: 42 }]);
    await second.close();
  });

  it("refuses a directory in use, naming the process and the way out", async () => {
    const child = await holdInChild();
    await expect(start()).rejects.toThrow(
      `The data directory ${directory} is in use by process ${child.pid}; stop it, or set MALL_DATA to another directory.`,
    );
  });

  it("lets exactly one of several simultaneous starts win, also over a stale lock", async () => {
    await kill((await holdInChild()).process);
    const answers = await Promise.all(Array.from({ length: 6 }, () => answerOf(holdProcess())));
    expect(answers.filter((answer) => answer.url)).toHaveLength(1);
    expect(answers.filter((answer) => answer.error?.includes("is in use by process"))).toHaveLength(5);
  });

  it("goes on with the data after its process was killed and PostgreSQL left behind", async () => {
    const child = await holdInChild();
    await query(child.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    const orphan = runningPostmaster(join(directory, "data"));
    await kill(child.process);
    expect(runningPostmaster(join(directory, "data"))).toBe(orphan);
    const postgres = await start();
    expect(runningPostmaster(join(directory, "data"))).not.toBe(orphan);
    expect(await query(postgres.url, "SELECT * FROM kept")).toEqual([{ answer: 42 }]);
    await postgres.close();
  });

  it("goes on with the data after PostgreSQL itself was killed", async () => {
    const first = await start();
    await query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    process.kill(runningPostmaster(join(directory, "data")) ?? 0, "SIGKILL");
    await first.close();
    const second = await start();
    expect(await query(second.url, "SELECT * FROM kept")).toEqual([{ answer: 42 }]);
    await second.close();
  });

  it("starts although the recorded process id belongs to another program by now", async () => {
    await (await start()).close();
    const { uid, gid } = statSync(join(directory, "data"));
    const other = spawn("sleep", ["60"], { uid, gid, stdio: "ignore" });
    children.push(other);
    const record = join(directory, "data", "postmaster.pid");
    writeFileSync(record, `${other.pid}\n${join(directory, "data")}\n`);
    chownSync(record, uid, gid);
    writeFileSync(join(directory, "lock"), `${process.pid}\nanother-boot/1\n`);
    await (await start()).close();
  });

  it("recovers from a kill while it creates its data", async () => {
    mkdirSync(directory, { recursive: true });
    const child = holdProcess();
    await until("initdb is at work", () => existsSync(join(directory, "lock")) && hasDraft());
    await kill(child);
    expect(existsSync(join(directory, "data"))).toBe(false);
    const postgres = await start();
    expect(await query(postgres.url, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await postgres.close();
    await (await start()).close();
    expect(hasDraft()).toBe(false);
  });

  it.each(["immediate", "fast"] as const)(
    "restarts (%s) on the same port, cuts open connections, and keeps what was committed",
    async (mode) => {
      const postgres = await start();
      await query(postgres.url, "CREATE TABLE kept AS SELECT 42 AS answer");
      const client = new Client({ connectionString: postgres.url });
      const cut = new Promise((done) => client.on("error", done));
      await client.connect();
      const before = runningPostmaster(join(directory, "data"));
      await Promise.all([postgres.restart(mode), postgres.restart(mode)]);
      await cut;
      expect(runningPostmaster(join(directory, "data"))).not.toBe(before);
      expect(await query(postgres.url, "SELECT * FROM kept")).toEqual([{ answer: 42 }]);
      expect(readFileSync(join(directory, "server.log"), "utf8").includes("automatic recovery")).toBe(
        mode === "immediate",
      );
      await postgres.close();
      await expect(postgres.restart(mode)).rejects.toThrow("it was closed");
      expect(runningPostmaster(join(directory, "data"))).toBeUndefined();
    },
  );

  it("stops PostgreSQL when its process ends without closing it", async () => {
    const child = await holdInChild();
    child.process.send("exit");
    await until("PostgreSQL is gone", () => runningPostmaster(join(directory, "data")) === undefined);
  });

  it("says so when the port it was given is taken", async () => {
    const other = await start({ directory: join(parent, "other") });
    const port = Number(new URL(other.url).port);
    await expect(start({ port })).rejects.toThrow(`port ${port} is in use`);
    await other.close();
  });

  it.skipIf(!isRoot)("serves a directory that only root can enter (needs root)", async () => {
    chmodSync(parent, 0o700);
    const lines: string[] = [];
    const first = await start({ log: (line) => lines.push(line) });
    const link = join(directory, "data");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(lines.filter((line) => line.includes(readlinkSync(link)))).toHaveLength(1);
    await query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    await first.close();
    const second = await start();
    expect(await query(second.url, "SELECT * FROM kept")).toEqual([{ answer: 42 }]);
    await second.close();
    rmSync(dirname(readlinkSync(link)), { recursive: true });
  });
});

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

function hasDraft(): boolean {
  return readdirSync(directory).some((name) => name.startsWith("new-"));
}

function holdProcess(): ChildProcess {
  const child = fork(holder, [directory], { execArgv: ["--conditions=source"], detached: true });
  children.push(child);
  return child;
}

async function holdInChild(): Promise<{ process: ChildProcess; pid: number | undefined; url: string }> {
  const child = holdProcess();
  const { url = "", error } = await answerOf(child);
  expect(error).toBeUndefined();
  return { process: child, pid: child.pid, url };
}

async function answerOf(child: ChildProcess): Promise<{ url?: string; error?: string }> {
  const [answer] = await once(child, "message");
  return answer;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
