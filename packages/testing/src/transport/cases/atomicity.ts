import { createOutbox } from "@tidings/postgres";
import { publishIn } from "@tidings/postgres/pg";
import type { PoolClient } from "pg";
import type { Host } from "tidings";
import { expect, it } from "vitest";
import { expectAllOnceInOrder, versionsByKey } from "../effects.ts";
import { Changed, changeAccount, changeIn, ledger, reader } from "../ledger.ts";
import { keysOf } from "../load.ts";
import { pause, randomFrom, seed } from "../random.ts";
import type { Trial } from "../trial.ts";

/** A message arrives if and only if the transaction that recorded it committed, whoever owns the transaction. */
export function atomicity(trial: () => Trial): void {
  it("delivers what was committed and nothing of what was rolled back, in many transactions at once", async () => {
    const host = await trial().host(ledger);
    await trial().host(reader("follower"));
    const random = randomFrom(seed);
    const write = async (writer: number) => {
      for (const key of keysOf("account-", 40)) {
        const commits = random() < 0.5;
        const work = { key, commits, delayMs: random() * 4 };
        if (writer % 2) await changeByUser(trial(), work);
        else await changeByLibrary(host, work);
      }
    };
    await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(write));
    expect((await versionsByKey(trial())).size, "keys with effects").toBeGreaterThan(0);
    await expectAllOnceInOrder(trial(), host);
  });
}

interface Work {
  readonly key: string;
  readonly commits: boolean;
  /** How long the transaction takes after it has recorded. */
  readonly delayMs: number;
}

/** A message of a transaction that is rolled back has a version that another one takes, or that none ever has. */
async function changeByLibrary(host: Host, { key, commits, delayMs }: Work): Promise<void> {
  const changed = host.transaction("ledger", async (tx) => {
    await changeIn(tx, key);
    await pause(delayMs);
    if (!commits) throw new Error("Changed my mind.");
  });
  if (commits) await changed;
  else await expect(changed).rejects.toThrow("Changed my mind.");
}

const outbox = createOutbox({ service: "ledger", publishes: [Changed] });

async function changeByUser(trial: Trial, { key, commits, delayMs }: Work): Promise<void> {
  const client = await trial.database("ledger").connect();
  try {
    await client.query("begin");
    await publishChange(client, key);
    await pause(delayMs);
    await client.query(commits ? "commit" : "rollback");
  } finally {
    client.release();
  }
}

/** Changes an account in a transaction that belongs to the user, and records that at once. */
export async function publishChange(client: PoolClient, key: string): Promise<void> {
  const { rows } = await client.query<{ version: number }>(changeAccount, [key]);
  await publishIn(client, outbox, Changed, { key, version: rows[0]?.version ?? 0, text: "" });
}
