import { on, projection } from "@tidings/core";
import { partitionOf } from "@tidings/core/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  Changed,
  change,
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

const subscriptions = ["follower", "left", "right"];
const reader = follower({
  projects: ["left", "right"].map((name) =>
    projection(name, [on(Changed, (event, tx) => keep(event, tx, name))]),
  ),
});

/** Reads the log by position, as any subscriber does, until it is told to stop. @returns the ids it has seen */
function poll(partitions: number): { stop(): Promise<Set<string>> } {
  const cursors = new Array<string>(partitions).fill("0");
  const seen = new Set<string>();
  let isStopped = false;
  const look = async () => {
    for (const [partition, cursor] of cursors.entries()) {
      const { rows } = await sandbox.pool.query<{ position: string; id: string }>(
        "select position, id from ledger.tidings_outbox where partition = $1 and position > $2 order by position",
        [partition, cursor],
      );
      for (const { id } of rows) seen.add(id);
      cursors[partition] = rows.at(-1)?.position ?? cursor;
    }
  };
  const polling = (async () => {
    while (!isStopped) await look();
    await look();
  })();
  return {
    async stop() {
      isStopped = true;
      await polling;
      return seen;
    },
  };
}

it("passes over no message of a transaction that waits for one partition while another overtakes it in a second one", async () => {
  const host = await sandbox.host([ledger, follower()]);
  const keyIn = (partition: number) =>
    keysOf("key-", 1_000).find((key) => partitionOf(key, 32) === partition) as string;
  const [first, last] = [keyIn(0), keyIn(31)];
  const [held, waiting] = [await sandbox.connect(), await sandbox.connect()];
  await held.query("begin");
  await recordIn(held, changeMessage(first, 1));
  const recording = recordIn(waiting, changeMessage(first, 2), changeMessage(last, 2));
  await until("it waits for the first partition", async () => {
    const { rows } = await sandbox.pool.query(
      "select from pg_locks where locktype = 'advisory' and not granted",
    );
    return rows.length > 0;
  });
  await change(host, last);
  await until("the overtaking message is handled", async () => (await countEffects(sandbox.pool)) === 1);
  await held.query("commit");
  await recording;
  await until("all are handled", async () => (await countEffects(sandbox.pool)) === 4);
  expect((await versionsByKey(sandbox.pool)).get(last)).toEqual([1, 2]);
});

it("gives a message that waits for its partition a later position than those of the transaction it waits for", async () => {
  const host = await sandbox.host([ledger, follower()]);
  const [key = ""] = keysOf("key-", 1);
  const [held, waiting] = [await sandbox.connect(), await sandbox.connect()];
  await held.query("begin");
  await recordIn(held, changeMessage(key, 1));
  const recording = recordIn(waiting, changeMessage(key, 3));
  await until("it waits for the partition", async () => {
    const { rows } = await sandbox.pool.query(
      "select from pg_locks where locktype = 'advisory' and not granted",
    );
    return rows.length > 0;
  });
  await recordIn(held, changeMessage(key, 2));
  await held.query("commit");
  await recording;
  await until("all are handled", async () => (await countEffects(sandbox.pool)) === 3);
  expect((await versionsByKey(sandbox.pool)).get(key)).toEqual([1, 2, 3]);
  await host.close();
});

it("passes over no message beside slow, fast and rolled-back transactions", async () => {
  const random = randomFrom(seed);
  const host = await sandbox.host([ledger, reader]);
  const keys = keysOf("key-", 64);
  const anyKey = () => keys[Math.floor(random() * keys.length)] as string;
  const writeFast = async () => {
    for (let n = 0; n < 150; n++) await change(host, anyKey());
  };
  const writeSlowly = async () => {
    const client = await sandbox.connect();
    for (let n = 0; n < 40; n++) {
      await client.query("begin");
      await recordIn(client, changeMessage(anyKey(), 0), changeMessage(anyKey(), 0));
      await pauseUpTo(30, random);
      await client.query(random() < 0.3 ? "rollback" : "commit");
    }
  };
  const polling = poll(32);
  await Promise.all([...Array.from({ length: 4 }, writeFast), ...Array.from({ length: 8 }, writeSlowly)]);
  const { rows } = await sandbox.pool.query("select id from ledger.tidings_outbox");
  const committed = rows.map(({ id }) => id as string).sort();
  expect([...(await polling.stop())].sort(), `seed ${seed}`).toEqual(committed);
  const isAllHandled = async () =>
    (await countEffects(sandbox.pool)) >= subscriptions.length * committed.length;
  await until("all subscriptions have handled all messages", isAllHandled, { timeout: 20_000 });
  for (const by of subscriptions) {
    const handled = await sandbox.pool.query("select message as id from follower.effects where by = $1", [
      by,
    ]);
    expect(handled.rows.map(({ id }) => id).sort(), `${by}, seed ${seed}`).toEqual(committed);
  }
});
