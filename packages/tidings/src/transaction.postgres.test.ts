import { on } from "@tidings/core";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { publish, reader } from "./delivery.fixture.ts";
import { Changed, ledger } from "./promises/ledger.fixture.ts";
import { Sandbox } from "./promises/sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

const later = () => new Date(Date.now() + 100_000);
const change = { key: "a", version: 1 };

async function scheduled(): Promise<number> {
  const { rows } = await sandbox.pool.query("select count(*)::int as count from ledger.tidings_scheduled");
  return rows[0].count;
}

it("cancels a scheduled message in the transaction that scheduled it", async () => {
  const host = await sandbox.host([ledger]);
  const cancelled = await host.transaction("ledger", async (tx) => {
    tx.schedule(later(), Changed, change);
    return tx.cancelScheduled(tx.schedule(later(), Changed, change));
  });
  expect(cancelled).toBe(true);
  expect(await scheduled()).toBe(1);
});

it("cancels a scheduled message in a later transaction, once", async () => {
  const host = await sandbox.host([ledger]);
  const id = await host.transaction("ledger", async (tx) => tx.schedule(later(), Changed, change));
  const cancel = () => host.transaction("ledger", (tx) => tx.cancelScheduled(id));
  expect([await cancel(), await cancel(), await scheduled()]).toEqual([true, false, 0]);
});

it("knows nothing of a scheduled message whose id is none, and goes on", async () => {
  const host = await sandbox.host([ledger]);
  const outcome = await host.transaction("ledger", async (tx) => {
    const cancelled = await tx.cancelScheduled("garbage");
    return [cancelled, (await tx.query("select 1 as one")).rows[0]];
  });
  expect(outcome).toEqual([false, { one: 1 }]);
});

it("refuses a message whose key is empty", async () => {
  const host = await sandbox.host([ledger]);
  const publishing = host.transaction("ledger", async (tx) => tx.publish(Changed, change, { key: "" }));
  await expect(publishing).rejects.toMatchObject({ code: "message-invalid" });
});

it("aborts the signal of a request's transaction when the host stops hard", async () => {
  const host = await sandbox.host([ledger]);
  let signal: AbortSignal | undefined;
  const running = host.transaction("ledger", async (tx) => {
    await tx.query("select 1");
    signal = tx.signal;
    await new Promise(() => {});
  });
  running.catch(() => {});
  await until("it runs", () => signal);
  await host.close(0);
  expect(signal?.aborted).toBe(true);
});

it("aborts the signal of a handler when the host stops hard", async () => {
  const host = await sandbox.host([ledger]);
  let signal: AbortSignal | undefined;
  const hang = on(Changed, async (_, tx) => {
    signal = tx.signal;
    await new Promise(() => {});
  });
  const follower = await sandbox.host([reader({ reacts: [hang] })]);
  await publish(host, ["a"]);
  await until("it runs", () => signal);
  await follower.close(0);
  expect(signal?.aborted).toBe(true);
});
