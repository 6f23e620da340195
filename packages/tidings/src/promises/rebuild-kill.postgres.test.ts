import { rebuildSteps } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ledger } from "./ledger.fixture.ts";
import {
  changeMany,
  counter,
  expectedModel,
  keepChanging,
  readModel,
  rebuildOf,
  whenCounted,
  whenRebuilt,
} from "./rebuild.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";

let sandbox: Sandbox;
let stopWriting = async () => {};
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(async () => {
  await stopWriting();
  stopWriting = async () => {};
  await sandbox.close();
});

async function progress(): Promise<{ state: string; handled: number } | undefined> {
  const { rows } = await sandbox.pool.query(
    "select state, handled::int as handled from counter.tidings_rebuilds",
  );
  return rows[0];
}

async function countedOnce(): Promise<void> {
  const host = await sandbox.host([ledger, counter()]);
  await changeMany(host, 100, 12);
  await whenCounted(sandbox.pool);
  await host.close();
}

it("A rebuild whose process dies at any step goes on in the next one, and loses and doubles nothing.", {
  timeout: 90_000,
}, async () => {
  await countedOnce();
  const writer = await sandbox.host([ledger]);
  stopWriting = keepChanging(writer, "live-", 2);
  for (const step of rebuildSteps) {
    for (const occurrence of step === "rebuild-handled" || step === "rebuild-committed" ? [1, 7] : [1]) {
      const program = sandbox.program("rebuilder", [step, String(occurrence)]);
      await until(`it dies at ${step}, occurrence ${occurrence}`, () => !program.isRunning, {
        timeout: 20_000,
      });
      expect(await program.ended, program.output).toBe("SIGKILL");
    }
  }
  expect(await progress(), "the last one died after its end").toMatchObject({ state: "done" });
  const wrong = "select * from counter.balances where changes <> version";
  expect((await sandbox.pool.query(wrong)).rows, "lost or doubled").toEqual([]);
  const program = sandbox.program("rebuilder", ["rebuild-handled", "9"]);
  await until("another one dies in the middle", () => !program.isRunning, { timeout: 20_000 });
  await stopWriting();
  const host = await sandbox.host([counter()]);
  await whenRebuilt(host);
  await whenCounted(sandbox.pool);
  expect(await readModel(sandbox.pool)).toEqual(await expectedModel(sandbox.pool));
});

it("A rebuild goes on where it was when its process died, in another that is running already.", async () => {
  await countedOnce();
  const program = sandbox.program("rebuilder", ["rebuild-handled", "10"]);
  await until("it dies", () => !program.isRunning, { timeout: 20_000 });
  const left = await progress();
  expect(left).toMatchObject({ state: "running" });
  expect(left?.handled).toBeGreaterThanOrEqual(100);
  let repeated = 0;
  const host = await sandbox.host([counter()], {
    probe: (step) => {
      if (step === "rebuild-committed") repeated++;
    },
  });
  expect((await rebuildOf(host))?.handled).toBeGreaterThanOrEqual(left?.handled ?? 0);
  const rebuild = await whenRebuilt(host);
  expect(rebuild).toMatchObject({ handled: 1_200, total: 1_200 });
  expect(repeated, "parts that were handled in this process").toBeLessThan(24);
  expect(await readModel(sandbox.pool)).toEqual(await expectedModel(sandbox.pool));
});
