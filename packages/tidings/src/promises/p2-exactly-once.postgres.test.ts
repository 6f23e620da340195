import { on } from "@tidings/core";
import { batchSteps } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import type { Host } from "../host.ts";
import {
  Changed,
  change,
  committedByKey,
  countEffects,
  follower,
  keep,
  keysOf,
  ledger,
  versionsByKey,
} from "./ledger.ts";
import type { Program } from "./program.ts";
import { randomFrom, seed } from "./random.ts";
import { Sandbox } from "./sandbox.ts";

let sandbox: Sandbox;
let host: Host;
beforeEach(async () => {
  sandbox = await Sandbox.create();
  host = await sandbox.host([ledger]);
});
afterEach(() => sandbox.close());

/** Keeps messages flowing, from eight writers that each change their keys in turn, until it is told to stop. */
function write(prefix: string, keysOfEach: number): { stop(): Promise<void> } {
  let isStopped = false;
  const writing = keysOf(prefix, 8).map(async (writer) => {
    for (let round = 0; !isStopped; round++) {
      await change(host, `${writer}-${round % keysOfEach}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  return {
    async stop() {
      isStopped = true;
      await Promise.all(writing);
    },
  };
}

async function expectEachEffectOnceInOrder(): Promise<void> {
  const committed = await committedByKey(sandbox.pool);
  const total = [...committed.values()].reduce((sum, versions) => sum + versions.length, 0);
  await until("all messages are handled", async () => (await countEffects(sandbox.pool)) >= total, {
    timeout: 30_000,
  });
  expect(await versionsByKey(sandbox.pool)).toEqual(committed);
}

it("awaits a query builder that a handler returns, though it is no promise", async () => {
  const lazily = on(Changed, (event, tx) => {
    const run = () => keep(event, tx);
    // biome-ignore lint/suspicious/noThenProperty: this is what a query builder looks like
    return { then: (resolve: () => void, reject: () => void) => run().then(resolve, reject) };
  });
  await sandbox.host([follower({ reacts: [lazily] })]);
  await change(host, "key");
  await expectEachEffectOnceInOrder();
});

it("has each effect once when the subscriber dies at any step of a batch or of a retry", {
  timeout: 90_000,
}, async () => {
  const writer = write("step-", 20);
  onTestFinished(() => writer.stop());
  for (const step of batchSteps) {
    for (const occurrence of [1, 3]) {
      const program = sandbox.program("follower", [step, String(occurrence)]);
      await until(`it dies at step ${step}, occurrence ${occurrence}`, () => !program.isRunning, {
        timeout: 15_000,
      });
      expect(await program.ended, program.output).toBe("SIGKILL");
    }
  }
  await writer.stop();
  await sandbox.host([follower()]);
  await expectEachEffectOnceInOrder();
});

it("has each effect once when subscribers die at random, 200 times", { timeout: 120_000 }, async () => {
  const writer = write("random-", 2);
  onTestFinished(() => writer.stop());
  const random = randomFrom(seed);
  let kills = 0;
  const killRandomly = async () => {
    while (kills < 200) {
      kills++;
      const program: Program = sandbox.program("follower");
      await program.ready;
      await new Promise((resolve) => setTimeout(resolve, random() * 150));
      await program.kill();
    }
  };
  await Promise.all([killRandomly(), killRandomly(), killRandomly()]);
  const handledAmongKills = await countEffects(sandbox.pool);
  await writer.stop();
  await sandbox.host([follower()]);
  await expectEachEffectOnceInOrder();
  expect(handledAmongKills, "the killed subscribers did some of the work").toBeGreaterThan(500);
});
