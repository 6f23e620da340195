import { on } from "@tidings/core";
import { batchSteps } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
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
} from "./ledger.fixture.ts";
import type { Program } from "./program.fixture.ts";
import { pauseUpTo, randomFrom, seed } from "./random.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";

let sandbox: Sandbox;
let host: Host;
beforeEach(async () => {
  sandbox = await Sandbox.create();
  host = await sandbox.host([ledger]);
});
afterEach(async () => {
  await stopWriting();
  await sandbox.close();
});
let stopWriting = async () => {};

/** Keeps messages flowing, from eight writers that each change their keys in turn, until `stopWriting()`. */
function startWriting(prefix: string, keysOfEach: number): void {
  let isStopped = false;
  const writing = keysOf(prefix, 8).map(async (writer) => {
    for (let round = 0; !isStopped; round++) {
      await change(host, `${writer}-${round % keysOfEach}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  stopWriting = async () => {
    isStopped = true;
    await Promise.all(writing);
  };
}

async function expectEachEffectOnceInOrder(): Promise<void> {
  const committed = await committedByKey(sandbox.pool);
  const total = [...committed.values()].reduce((sum, versions) => sum + versions.length, 0);
  await until("all messages are handled", async () => (await countEffects(sandbox.pool)) >= total, {
    timeout: 30_000,
  });
  expect(await versionsByKey(sandbox.pool), `seed ${seed}`).toEqual(committed);
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
  startWriting("step-", 20);
  for (const step of batchSteps) {
    for (const occurrence of [1, 3]) {
      const program = sandbox.program("follower", [step, String(occurrence)]);
      await until(`it dies at step ${step}, occurrence ${occurrence}`, () => !program.isRunning, {
        timeout: 15_000,
      });
      expect(await program.ended, program.output).toBe("SIGKILL");
    }
  }
  await stopWriting();
  await sandbox.host([follower()]);
  await expectEachEffectOnceInOrder();
});

it("has each effect once when subscribers die at random, 200 times", { timeout: 120_000 }, async () => {
  startWriting("random-", 2);
  const random = randomFrom(seed);
  let kills = 0;
  const killRandomly = async () => {
    while (kills < 200) {
      kills++;
      const program: Program = sandbox.program("follower");
      await program.ready;
      await pauseUpTo(150, random);
      await program.kill();
    }
  };
  await Promise.all([killRandomly(), killRandomly(), killRandomly()]);
  const handledAmongKills = await countEffects(sandbox.pool);
  await stopWriting();
  await sandbox.host([follower()]);
  await expectEachEffectOnceInOrder();
  expect(handledAmongKills, "the killed subscribers did some of the work").toBeGreaterThan(100);
});
