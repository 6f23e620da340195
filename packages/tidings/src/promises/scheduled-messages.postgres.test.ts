import type { Clock } from "@tidings/core";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Changed, change, countEffects, follower, keysOf, ledger, versionsByKey } from "./ledger.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

const inAnHour = new Date("2030-01-01T01:00:00Z");

/** A clock that stands still until the test moves it. */
class TestClock implements Clock {
  time = new Date("2030-01-01T00:00:00Z");
  now(): Date {
    return new Date(this.time);
  }
}

it("records each scheduled message once when it is due, after a restart, with two hosts", async () => {
  const keys = keysOf("due-", 250);
  const first = await sandbox.host([ledger], { clock: new TestClock() });
  await first.transaction("ledger", async (tx) => {
    for (const key of keys) tx.schedule(inAnHour, Changed, { key, version: 1 });
  });
  await first.close();
  const clock = new TestClock();
  const [host] = await Promise.all([
    sandbox.host([ledger, follower()], { clock }),
    sandbox.host([ledger, follower()], { clock }),
  ]);
  await change(host, "marker");
  await until("the marker is handled", async () => (await countEffects(sandbox.pool)) === 1);
  const early = await sandbox.pool.query("select from ledger.tidings_outbox");
  expect(early.rowCount, "recorded before their time").toBe(1);
  clock.time = inAnHour;
  await until("all are handled", async () => (await countEffects(sandbox.pool)) > keys.length);
  await change(host, "marker");
  await until(
    "the second marker is handled",
    async () => (await versionsByKey(sandbox.pool)).get("marker")?.length === 2,
  );
  const versions = await versionsByKey(sandbox.pool);
  versions.delete("marker");
  expect(versions).toEqual(new Map([...versions.keys()].map((key) => [key, [1]])));
  expect([...versions.keys()].sort()).toEqual(keys.sort());
  const { rows } = await sandbox.pool.query(
    "select distinct time from ledger.tidings_outbox where key like 'due-%'",
  );
  expect(rows).toEqual([{ time: inAnHour }]);
});

it("records no scheduled message that was cancelled, or whose transaction was rolled back", async () => {
  const clock = new TestClock();
  const host = await sandbox.host([ledger, follower()], { clock });
  const schedule = (key: string) =>
    host.transaction("ledger", async (tx) => tx.schedule(inAnHour, Changed, { key, version: 1 }));
  const cancelled = await schedule("cancelled");
  await schedule("kept");
  const rolledBack = host.transaction("ledger", async (tx) => {
    tx.schedule(inAnHour, Changed, { key: "rolled-back", version: 1 });
    throw new Error("no");
  });
  await expect(rolledBack).rejects.toThrow("no");
  expect(await host.transaction("ledger", (tx) => tx.cancelScheduled(cancelled))).toBe(true);
  expect(await host.transaction("ledger", (tx) => tx.cancelScheduled(cancelled))).toBe(false);
  clock.time = inAnHour;
  await until("the kept one is handled", async () => (await countEffects(sandbox.pool)) > 0);
  const { rows } = await sandbox.pool.query("select from ledger.tidings_scheduled");
  expect(rows).toEqual([]);
  expect([...(await versionsByKey(sandbox.pool)).keys()]).toEqual(["kept"]);
});
