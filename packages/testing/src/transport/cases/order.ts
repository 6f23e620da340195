import { partitionOf } from "@tidings/core/internal";
import type { Host } from "tidings";
import { it } from "vitest";
import { until } from "../../probe.ts";
import { expectAllOnceInOrder, versionsByKey } from "../effects.ts";
import { changeIn, ledger, reader } from "../ledger.ts";
import { changeAll, keysOf } from "../load.ts";
import { pause, randomFrom, seed } from "../random.ts";
import type { Trial } from "../trial.ts";
import { publishChange } from "./atomicity.ts";

/** Messages of one key take effect in the order in which their transactions committed. */
export function order(trial: () => Trial): void {
  it("keeps commit order per key: many writers, hot and cold keys, long transactions, handlers that fail", async () => {
    const random = randomFrom(seed);
    const options = {
      after: () => {
        if (random() < 0.01) throw new Error("Failed at random.");
      },
      subscription: { batchSize: 50 },
    };
    const host = await trial().host(ledger, { connections: { requests: 20 } });
    await Promise.all([1, 2].map(() => trial().host(reader("follower", options))));
    const [hot, cold] = [keysOf("hot-", 3), keysOf("cold-", 200)];
    const write = async (writer: number) => {
      for (let n = 0; n < 60; n++) {
        const keys = random() < 0.5 ? hot : cold;
        const key = keys[Math.floor(random() * keys.length)] as string;
        if (writer % 4 === 0) await recordAtOnce(trial(), key, random() * 8);
        else await recordAtTheEnd(host, key, random() * 8);
      }
    };
    await Promise.all(Array.from({ length: 16 }, (_, writer) => write(writer)));
    await expectAllOnceInOrder(trial(), host);
  });

  it("passes over nothing that was recorded early and commits late, whatever is recorded beside it", async () => {
    const host = await trial().host(ledger);
    await trial().host(reader("follower"));
    const [held, beside] = keysOfOnePartition();
    const client = await trial().database("ledger").connect();
    try {
      await client.query("begin");
      await publishChange(client, held);
      const recorded = changeAll(host, beside);
      await changeAll(host, ["elsewhere"]);
      await until("another partition goes on", async () => (await versionsByKey(trial())).has("elsewhere"));
      await client.query("commit");
      await recorded;
    } finally {
      client.release();
    }
    await expectAllOnceInOrder(trial(), host);
  });
}

/** One key, and three others that share its partition, unlike "elsewhere". */
function keysOfOnePartition(): [held: string, beside: string[]] {
  const partition = (partitionOf("elsewhere", 32) + 1) % 32;
  const [held = "", ...beside] = keysOf("beside-", 1_000).filter((key) => partitionOf(key, 32) === partition);
  return [held, beside.slice(0, 3)];
}

/** Its id is drawn long before it writes: a later change may carry a smaller one. */
function recordAtTheEnd(host: Host, key: string, longMs: number): Promise<void> {
  return host.transaction("ledger", async (tx) => {
    await tx.query("select pg_current_xact_id()");
    await pause(longMs);
    await changeIn(tx, key);
  });
}

/** In a transaction of the user's: its position is drawn long before it commits. */
async function recordAtOnce(trial: Trial, key: string, longMs: number): Promise<void> {
  const client = await trial.database("ledger").connect();
  try {
    await client.query("begin");
    await publishChange(client, key);
    await pause(longMs);
    await client.query("commit");
  } finally {
    client.release();
  }
}
