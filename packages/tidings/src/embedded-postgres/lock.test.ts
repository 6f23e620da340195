import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, it } from "vitest";
import { acquireLock } from "./lock.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tidings-lock-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("is held by one at a time, however many contend for it", { timeout: 60_000 }, async () => {
  const inside = new Int32Array(new SharedArrayBuffer(4));
  const answers = await Promise.all(Array.from({ length: 4 }, () => contend(inside)));
  const total = (name: "acquired" | "notAlone") => answers.reduce((sum, answer) => sum + answer[name], 0);
  expect(total("notAlone")).toBe(0);
  expect(total("acquired")).toBeGreaterThan(50);
  expect(readdirSync(directory)).toEqual([]);
});

it("tells who holds it, and is free once released", async () => {
  const first = await acquireLock(directory);
  expect(await acquireLock(directory)).toEqual({ acquired: false, holder: process.pid });
  if (first.acquired) first.release();
  expect((await acquireLock(directory)).acquired).toBe(true);
});

it("is not stopped by a lock and a guard of processes that are gone", async () => {
  for (const name of ["lock", "lock.guard"]) writeFileSync(join(directory, name), "2147483646\nboot/1\n");
  expect((await acquireLock(directory)).acquired).toBe(true);
});

async function contend(inside: Int32Array): Promise<{ acquired: number; notAlone: number }> {
  const worker = new Worker(new URL("./contend-for-lock.fixture.ts", import.meta.url), {
    workerData: { directory, rounds: 300, inside },
  });
  const [answer] = await once(worker, "message");
  return answer;
}
