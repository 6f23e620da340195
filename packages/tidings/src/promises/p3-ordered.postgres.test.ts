import { on } from "@tidings/core";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  Changed,
  change,
  changeIn,
  committedByKey,
  countEffects,
  follower,
  keep,
  keysOf,
  ledger,
  versionsByKey,
} from "./ledger.fixture.ts";
import { pauseUpTo, randomFrom, seed } from "./random.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";
import { changeMessage, recordIn } from "./user-transaction.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

it("keeps commit order per key while instances come and go and handlers fail at random", async () => {
  const random = randomFrom(seed);
  const flaky = follower({
    reacts: [
      on(Changed, async (event, tx) => {
        await keep(event, tx);
        if (random() < 0.02) throw new Error("Failed at random.");
      }),
    ],
    subscription: { batchSize: 50, retry: { attempts: 1_000, minDelayMs: 1, maxDelayMs: 10 } },
  });
  const host = await sandbox.host([ledger]);
  const keys = keysOf("key-", 32);
  const write = async () => {
    for (let n = 0; n < 150; n++) {
      await host.transaction("ledger", async (tx) => {
        await tx.query("select pg_current_xact_id()");
        await pauseUpTo(5, random);
        await changeIn(tx, keys[Math.floor(random() * keys.length)] as string);
      });
    }
  };
  let isOver = false;
  const comeAndGo = async () => {
    while (!isOver) {
      const instance = await sandbox.host([flaky], { connections: { requests: 2, batches: 4 } });
      await pauseUpTo(400, random);
      await instance.close();
    }
  };
  const instances = Array.from({ length: 4 }, comeAndGo);
  await Promise.all(Array.from({ length: 16 }, write));
  isOver = true;
  await Promise.all(instances);
  const amongChanges = await countEffects(sandbox.pool);
  await sandbox.host([flaky]);
  await until("all messages are handled", async () => (await countEffects(sandbox.pool)) >= 16 * 150, {
    timeout: 30_000,
  });
  expect(await versionsByKey(sandbox.pool), `seed ${seed}`).toEqual(await committedByKey(sandbox.pool));
  expect(amongChanges, "messages handled by the instances that came and went").toBeGreaterThan(100);
});

it("hands an older transaction's message over after that of a younger one that committed first", async () => {
  const host = await sandbox.host([ledger, follower()]);
  const older = await sandbox.connect();
  await older.query("begin");
  await older.query("insert into ledger.accounts values ('another', 1)");
  await change(host, "key");
  await until("the younger one is handled", async () => (await versionsByKey(sandbox.pool)).get("key"));
  await recordIn(older, changeMessage("key", 2));
  await older.query("commit");
  await until("both are handled", async () => (await countEffects(sandbox.pool)) >= 2);
  expect((await versionsByKey(sandbox.pool)).get("key")).toEqual([1, 2]);
});

it("lets a younger transaction wait for an older one that has recorded a message of the same key", async () => {
  const host = await sandbox.host([ledger, follower()]);
  const [older, younger] = [await sandbox.connect(), await sandbox.connect()];
  await older.query("begin");
  await recordIn(older, changeMessage("key", 1));
  await younger.query("begin");
  let isRecorded = false;
  const recording = recordIn(younger, changeMessage("key", 2)).then(() => {
    isRecorded = true;
  });
  await change(host, "another-key");
  await until("another key goes on", async () => (await versionsByKey(sandbox.pool)).get("another-key"));
  expect(isRecorded, "the younger one has recorded before the older one ended").toBe(false);
  await older.query("commit");
  await recording;
  await younger.query("commit");
  await until("both are handled", async () => (await versionsByKey(sandbox.pool)).get("key")?.length === 2);
  expect((await versionsByKey(sandbox.pool)).get("key")).toEqual([1, 2]);
});
