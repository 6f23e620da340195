import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@tidings/testing";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { choosePorts, isFree } from "./ports.ts";
import { ClusterPostgres } from "./postgres.ts";

let directory: string;
let port: number;
let said: string[];
let postgres: ClusterPostgres;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "mall-postgres-"));
  chmodSync(directory, 0o755);
  port = (await choosePorts(["postgres"])).postgres ?? 0;
  said = [];
  postgres = await ClusterPostgres.start({ directory, port, hint: "", log: (line) => said.push(line) });
}, 60_000);
afterEach(async () => {
  await postgres?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function answer(): Promise<number> {
  const client = new Client({ connectionString: postgres.url, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    return (await client.query("select count(*)::int as rows from kept")).rows[0].rows;
  } finally {
    await client.end();
  }
}

function serverPid(): number {
  return Number(readFileSync(join(directory, "postgres/data/postmaster.pid"), "utf8").split("\n")[0]);
}

async function keepSomething(): Promise<void> {
  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query("create table kept as select 1 as one");
  await client.end();
}

describe("The cluster's PostgreSQL", { timeout: 60_000 }, () => {
  it("is started again on the same port when it dies, with what was committed", async () => {
    await keepSomething();
    const before = serverPid();
    process.kill(before, "SIGKILL");
    expect(await until("it answers again", answer, { timeout: 30_000 })).toBe(1);
    expect(serverPid()).not.toBe(before);
    expect(said).toEqual([expect.stringContaining("Creating"), "✗ postgres  is gone, starts again"]);
  });

  it("is not taken for dead while it is restarted on purpose, and stays closed", async () => {
    await keepSomething();
    const before = serverPid();
    await postgres.restart("immediate");
    expect(await answer()).toBe(1);
    expect(serverPid()).not.toBe(before);
    expect(said).toHaveLength(1);
    await postgres.close();
    expect(await isFree(port)).toBe(true);
  });
});
