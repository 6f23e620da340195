import { defineEvent, refuse, type Transaction } from "@tidings/core";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defineService } from "../define-service.ts";
import {
  Changed,
  change,
  changeIn,
  changeSchema,
  follower,
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

async function recorded(): Promise<{ key: string; version: number }[]> {
  const { rows } = await sandbox.pool.query("select data from ledger.tidings_outbox order by position");
  return rows.map(({ data }) => data);
}

async function accounts(): Promise<{ key: string; version: number }[]> {
  return (await sandbox.pool.query("select key, version from ledger.accounts order by key")).rows;
}

it("records the message with the change when the transaction commits", async () => {
  const host = await sandbox.host([ledger]);
  await change(host, "a");
  expect(await accounts()).toEqual([{ key: "a", version: 1 }]);
  expect(await recorded()).toEqual([{ key: "a", version: 1 }]);
});

it("records nothing when the transaction throws, is refused, or fails in a statement that nobody awaits", async () => {
  const host = await sandbox.host([ledger]);
  const throws = async (tx: Transaction) => {
    await changeIn(tx, "a");
    throw new Error("changed my mind");
  };
  const failsUnseen = async (tx: Transaction) => {
    await changeIn(tx, "c");
    tx.query("select 1 / 0").catch(() => {});
  };
  await expect(host.transaction("ledger", throws)).rejects.toThrow("changed my mind");
  await expect(host.transaction("ledger", failsUnseen)).rejects.toThrow("division by zero");
  await host.transaction("ledger", async (tx) => {
    await changeIn(tx, "b");
    return refuse("not-today", "Not today.");
  });
  expect(await accounts()).toEqual([]);
  expect(await recorded()).toEqual([]);
});

it("fails the whole transaction when one of its messages is invalid", async () => {
  const host = await sandbox.host([ledger]);
  const work = host.transaction("ledger", async (tx) => {
    await changeIn(tx, "a");
    tx.publish(Changed, { key: "b" } as never);
  });
  await expect(work).rejects.toMatchObject({ code: "message-invalid" });
  expect(await accounts()).toEqual([]);
  expect(await recorded()).toEqual([]);
});

it("fails the whole transaction when a message turns out invalid in a schema that takes its time", async () => {
  const slow = {
    "~standard": {
      ...changeSchema["~standard"],
      validate: async (value: unknown) => changeSchema["~standard"].validate(value),
    },
  };
  const SlowlyChanged = defineEvent("ledger.SlowlyChanged", { key: "key", schema: slow });
  const slowLedger = defineService("ledger", {
    publishes: [Changed, SlowlyChanged],
    migrations: ledger.migrations,
  });
  const host = await sandbox.host([slowLedger]);
  const publishInvalid = async (tx: Transaction) => {
    await changeIn(tx, "a");
    tx.publish(SlowlyChanged, { key: "b" } as never);
  };
  await expect(host.transaction("ledger", publishInvalid)).rejects.toMatchObject({ code: "message-invalid" });
  await host.transaction("ledger", async (tx) => {
    await publishInvalid(tx);
    return refuse("not-today", "The invalid message is never looked at, and must not end the process.");
  });
  expect(await accounts()).toEqual([]);
  expect(await recorded()).toEqual([]);
});

it("shares the fate of a transaction that belongs to the user", async () => {
  await sandbox.host([ledger]);
  const client = await sandbox.connect();
  for (const [end, version] of [
    ["rollback", 1],
    ["commit", 2],
    ["rollback", 3],
  ] as const) {
    await client.query("begin");
    await client.query("insert into ledger.accounts values ($1, $2)", [`key-${version}`, version]);
    await recordIn(client, changeMessage(`key-${version}`, version));
    await client.query(end);
  }
  expect(await accounts()).toEqual([{ key: "key-2", version: 2 }]);
  expect(await recorded()).toEqual([{ key: "key-2", version: 2 }]);
});

it("records nothing when the process dies before the commit", async () => {
  const program = sandbox.program("writer", ["before-commit"]);
  expect(await program.ended, program.output).toBe("SIGKILL");
  expect(await accounts()).toEqual([]);
  expect(await recorded()).toEqual([]);
});

it("delivers the message when the process dies right after the commit", async () => {
  const program = sandbox.program("writer", ["after-commit"]);
  expect(await program.ended, program.output).toBe("SIGKILL");
  expect(await recorded()).toEqual([{ key: "account-0", version: 1 }]);
  await sandbox.host([ledger, follower()]);
  const delivered = () => versionsByKey(sandbox.pool);
  await until("the message of the dead process is handled", async () => (await delivered()).size === 1);
  expect(await delivered()).toEqual(new Map([["account-0", [1]]]));
});

it("has one message for each change, whenever writers are killed", async () => {
  const random = randomFrom(seed);
  await sandbox.host([ledger]);
  for (let kills = 0; kills < 8; kills++) {
    const program = sandbox.program("writer", ["never"]);
    await program.ready;
    const before = (await recorded()).length;
    await until("the writer writes", async () => (await recorded()).length > before + 20);
    await pauseUpTo(30, random);
    await program.kill();
  }
  const { rows } = await sandbox.pool.query<{ key: string; version: number; messages: number[] }>(
    `select key, version, (
       select json_agg((data ->> 'version')::int order by position) from ledger.tidings_outbox o where o.key = a.key
     ) as messages from ledger.accounts a`,
  );
  for (const { key, version, messages } of rows) {
    expect(messages, `${key}, seed ${seed}`).toEqual(Array.from({ length: version }, (_, n) => n + 1));
  }
});
