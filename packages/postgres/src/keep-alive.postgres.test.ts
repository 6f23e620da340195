import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createTestDatabase, type TestDatabase, until } from "@tidings/testing";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { transactionLeaseMs } from "./keep-alive.ts";

let database: TestDatabase;
let client: pg.Client;
let program: ChildProcess | undefined;
let said: string[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query("create table place (visits int); insert into place values (0)");
});
afterEach(async () => {
  if (program && program.exitCode === null && program.signalCode === null) {
    program.kill("SIGKILL");
    await once(program, "exit");
  }
  [program, said] = [undefined, []];
  await client.end();
  await database.drop();
});

/** A process that has locked the row, in a transaction that waits for something else. */
async function startProgram(): Promise<ChildProcess> {
  const file = fileURLToPath(new URL("./keep-alive.program.fixture.ts", import.meta.url));
  program = fork(file, [database.url], { execArgv: ["--conditions=source"] });
  program.on("message", (text) => void said.push(String(text)));
  await until("it has locked the row", () => said.includes("locked"), { timeout: 20_000 });
  return program;
}

async function isLocked(): Promise<boolean> {
  const { rows } = await client.query("select from place for update skip locked");
  return rows.length === 0;
}

/** @returns the milliseconds until the row was free */
async function whenFree(timeout: number): Promise<number> {
  const begun = performance.now();
  await until("the row is free", async () => !(await isLocked()), { timeout, interval: 50 });
  return performance.now() - begun;
}

it("keeps a transaction alive that waits for 8 s, which then commits", async () => {
  const child = await startProgram();
  await expect(whenFree(8_000)).rejects.toThrow("Waited 8000 ms");
  child.kill("SIGUSR2");
  await until("it is done", () => said.length === 2);
  expect(said[1]).toBe("committed");
  expect((await client.query("select visits from place")).rows).toEqual([{ visits: 1 }]);
});

it("lets the server end the transaction of a process that stands still, which then fails without effect", async () => {
  const child = await startProgram();
  child.kill("SIGSTOP");
  const waited = await whenFree(transactionLeaseMs + 2_000);
  expect(waited).toBeGreaterThan(transactionLeaseMs / 2);
  child.kill("SIGUSR2");
  child.kill("SIGCONT");
  await until("it is done", () => said.length === 2);
  expect(said[1]).toMatch(/^failed: /);
  expect((await client.query("select visits from place")).rows).toEqual([{ visits: 0 }]);
});
