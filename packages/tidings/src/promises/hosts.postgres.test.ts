import { on } from "@tidings/core";
import { removeSubscription, storeOf } from "@tidings/postgres";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defineService } from "../define-service.ts";
import {
  Changed,
  change,
  changeIn,
  countEffects,
  effectsMigration,
  follower,
  keep,
  keysOf,
  ledger,
  versionsByKey,
} from "./ledger.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

it("installs services once when hosts and processes start together on an empty database", async () => {
  const programs = [sandbox.program("follower"), sandbox.program("writer", ["never"])];
  const [host] = await Promise.all([1, 2].map(() => sandbox.host([ledger, follower()])));
  await Promise.all(programs.map((program) => program.ready));
  if (!host) throw new Error("There is no host.");
  await change(host, "key");
  await until("its message is handled", async () => (await versionsByKey(sandbox.pool)).get("key"));
  const applied = await sandbox.pool.query("select name from ledger.tidings_migrations order by name");
  expect(applied.rows.map(({ name }) => name)).toContain("service/0001-accounts");
  const cursors = await sandbox.pool.query("select distinct partition from follower.tidings_cursors");
  expect(cursors.rowCount).toBe(32);
});

it("installs nothing of a service when one of its migrations fails", async () => {
  const broken = follower({
    migrations: [effectsMigration, { name: "0002", sql: "create table effects (twice int)" }],
  });
  await expect(sandbox.host([ledger, broken])).rejects.toThrow("already exists");
  const { rows } = await sandbox.pool.query("select to_regclass('follower.effects') as effects");
  expect(rows).toEqual([{ effects: null }]);
  const host = await sandbox.host([ledger, follower()]);
  await change(host, "key");
  await until("its message is handled", async () => (await versionsByKey(sandbox.pool)).get("key"));
});

it("refuses an edited migration, one that it does not know, and another number of partitions", async () => {
  await (await sandbox.host([ledger])).close();
  const like = (options: object) => [defineService("ledger", { publishes: [Changed], ...options })];
  const edited = like({ migrations: [{ name: "0001-accounts", sql: "create table accounts (id int)" }] });
  await expect(sandbox.host(edited)).rejects.toMatchObject({ code: "migration-changed" });
  await expect(sandbox.host(like({}))).rejects.toMatchObject({ code: "schema-too-new" });
  const split = like({ migrations: ledger.migrations, partitions: 16 });
  await expect(sandbox.host(split)).rejects.toMatchObject({ code: "partitions-changed" });
});

it("leaves its work to others when it is closed in the middle of a batch whose handler does not end", async () => {
  let isStuck = false;
  const hang = () => {
    isStuck = true;
    return new Promise(() => {});
  };
  const host = await sandbox.host([ledger]);
  const stuck = await sandbox.host([follower({ reacts: [on(Changed, hang)] })]);
  await change(host, "key");
  await until("the handler has begun", () => isStuck);
  let isClosed = false;
  void stuck.close(50).then(() => {
    isClosed = true;
  });
  await until("it is closed", () => isClosed);
  await sandbox.host([follower()]);
  await until("another one has handled it", async () => (await countEffects(sandbox.pool)) === 1);
});

it("forgets a removed subscription, which begins anew when a program runs it again", async () => {
  const host = await sandbox.host([ledger, follower()]);
  const keys = keysOf("key-", 5);
  for (const key of keys) await change(host, key);
  await until("all are handled", async () => (await countEffects(sandbox.pool)) === 5);
  await host.close();
  const store = storeOf("follower", 32);
  await removeSubscription(sandbox.pool as never, store, "follower", "ledger");
  const left = await sandbox.pool.query(
    "select from follower.tidings_cursors union all select from tidings.subscriptions",
  );
  expect(left.rowCount).toBe(0);
  await sandbox.host([ledger, follower()]);
  await until("all are handled again", async () => (await countEffects(sandbox.pool)) === 10);
});

it("goes on when a migration changes the tables that its statements read", async () => {
  const selecting = follower({
    reacts: [
      on(Changed, async (event, tx) => {
        await tx.query("select * from effects where version = $1", [event.data.version]);
        await keep(event, tx);
      }),
    ],
    subscription: { retry: { attempts: 1 } },
  });
  const host = await sandbox.host([ledger, selecting]);
  const changeAndSelect = (key: string) =>
    host.transaction("ledger", async (tx) => {
      await tx.query("select * from accounts where key = $1", [key]);
      return changeIn(tx, key);
    });
  for (let version = 1; version <= 5; version++) {
    await changeAndSelect("key");
    await until(`version ${version} is handled`, async () => (await countEffects(sandbox.pool)) === version);
  }
  await sandbox.pool.query("alter table follower.effects add column note text");
  await sandbox.pool.query("alter table ledger.accounts add column note text");
  for (let version = 6; version <= 10; version++) await changeAndSelect("key");
  await until("all are handled", async () => (await countEffects(sandbox.pool)) === 10);
  expect((await versionsByKey(sandbox.pool)).get("key")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

it("starts reading a service that is installed later", async () => {
  const late = follower({ reacts: [on(Changed, (event, tx) => keep(event, tx))] });
  await sandbox.host([late]);
  const host = await sandbox.host([ledger]);
  await change(host, "key");
  await until("its message is handled", async () => (await versionsByKey(sandbox.pool)).get("key"));
});
