import { on, ParkMessage } from "@tidings/core";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Changed, change, keysOf, ledger } from "./ledger.fixture.ts";
import {
  changeMany,
  countChange,
  counter,
  expectedModel,
  keepChanging,
  Noted,
  readModel,
  rebuildOf,
  whenCounted,
  whenRebuilt,
} from "./rebuild.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";

let sandbox: Sandbox;
let stopWriting = async () => {};
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(async () => {
  await stopWriting();
  stopWriting = async () => {};
  await sandbox.close();
});

async function archived(): Promise<number> {
  const { rows } = await sandbox.pool.query("select count(*)::int as count from counter.tidings_archive");
  return rows[0].count;
}

async function schemas(): Promise<string[]> {
  const { rows } = await sandbox.pool.query(
    "select nspname from pg_namespace where nspname like '%rebuild%'",
  );
  return rows.map(({ nspname }) => nspname);
}

describe("a rebuild", () => {
  it("repairs a read model, and keeps its indexes, constraints, identities and grants under their names", async () => {
    const host = await sandbox.host([ledger, counter()]);
    await changeMany(host, 40, 5);
    await whenCounted(sandbox.pool);
    const { pool } = sandbox;
    await pool
      .query("create role rebuild_reader; grant select on counter.balances to rebuild_reader")
      .catch(() => {});
    await pool.query("grant select on counter.balances to rebuild_reader");
    const names = () =>
      pool.query(
        `select indexdef as part from pg_indexes where schemaname = 'counter' and tablename in ('balances', 'versions')
         union select conname || pg_get_constraintdef(oid) from pg_constraint where connamespace = 'counter'::regnamespace
           and conrelid in ('counter.balances'::regclass, 'counter.versions'::regclass)
         union select relname || relkind::text from pg_class where relnamespace = 'counter'::regnamespace and relname like 'balances%'
         union select relacl::text from pg_class where oid = 'counter.balances'::regclass
         order by part`,
      );
    const before = (await names()).rows;
    await pool.query(
      "update counter.balances set changes = 0; delete from counter.versions where version < 3",
    );
    await host.startRebuild("counter", "balances");
    const rebuild = await whenRebuilt(host);
    expect(await readModel(pool)).toEqual(await expectedModel(pool));
    expect((await names()).rows).toEqual(before);
    expect(rebuild).toMatchObject({ handled: 200, total: 200, error: null, remainingSeconds: null });
    expect(rebuild.eventsPerSecond).toBeGreaterThan(0);
    expect(rebuild.endedAt?.getTime()).toBeGreaterThanOrEqual(rebuild.startedAt.getTime());
    expect(await schemas()).toEqual([]);
    await change(host, "many-0");
    await whenCounted(pool);
    expect(await readModel(pool)).toEqual(await expectedModel(pool));
  });

  it("loses and doubles nothing while events keep coming, on several instances, and readers see full tables", async () => {
    const host = await sandbox.host([ledger, counter()]);
    await sandbox.host([counter()]);
    await changeMany(host, 300, 5);
    await whenCounted(sandbox.pool);
    stopWriting = keepChanging(host, "live-");
    let isOver = false;
    const seen: number[] = [];
    const reading = (async () => {
      while (!isOver) {
        const prepared = {
          name: "read",
          text: "select coalesce(sum(changes), 0)::int as sum from counter.balances",
        };
        seen.push((await sandbox.pool.query(prepared)).rows[0].sum);
      }
    })();
    for (let round = 0; round < 3; round++) {
      await host.startRebuild("counter", "balances");
      await whenRebuilt(host);
    }
    isOver = true;
    await reading;
    await stopWriting();
    await whenCounted(sandbox.pool);
    expect(await readModel(sandbox.pool)).toEqual(await expectedModel(sandbox.pool));
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(1_500);
    expect(seen, "what a reader has seen never goes back").toEqual(seen.toSorted((a, b) => a - b));
    expect(sandbox.errors).toEqual([]);
  });

  it("handles what was parked when it was handled at last, after what had overtaken it", async () => {
    let isBroken = true;
    const moody = on(Changed, async (event, tx) => {
      if (isBroken && event.data.key === "bad") throw new Error("Not yet.");
      await countChange.handle(event as never, tx);
    });
    const retry = { attempts: 1_000, minDelayMs: 5, maxDelayMs: 20 };
    const service = { subscription: { retry } };
    const host = await sandbox.host([
      ledger,
      counter([moody], { tables: ["balances", "versions"], service }),
    ]);
    await change(host, "bad");
    await change(host, "bad");
    await changeMany(host, 40, 2);
    await until("the others are archived", async () => (await archived()) === 80);
    isBroken = false;
    await whenCounted(sandbox.pool);
    expect(await archived()).toBe(82);
    await sandbox.pool.query("truncate counter.balances");
    await host.startRebuild("counter", "balances");
    await whenRebuilt(host);
    expect(await readModel(sandbox.pool)).toEqual(await expectedModel(sandbox.pool));
  });

  it("does not wait for a batch handler's events to fit together: it takes fewer at a time", async () => {
    const fussy = on(Changed, async (event, tx) => {
      const { rows } = await tx.query(
        "select count(*)::int as count from balances where xmin::text = pg_current_xact_id()::xid::text",
      );
      if ((rows[0] as { count: number }).count > 2) throw new Error("Too many at once.");
      await countChange.handle(event as never, tx);
    });
    const host = await sandbox.host([ledger, counter([fussy])]);
    for (const key of keysOf("key-", 8)) await change(host, key);
    await whenCounted(sandbox.pool);
    await host.startRebuild("counter", "balances");
    await until("it ends", async () => (await rebuildOf(host))?.state !== "running");
    expect(await readModel(sandbox.pool)).toEqual(await expectedModel(sandbox.pool));
  });

  it("of which a handler throws has failed, says why, and leaves the tables in use as they are", async () => {
    let isBroken = false;
    const handler = on(Changed, async (event, tx) => {
      await countChange.handle(event as never, tx);
      if (isBroken && event.data.key === "many-7") throw new ParkMessage("Seven is too much.");
    });
    const host = await sandbox.host([ledger, counter([handler])]);
    await changeMany(host, 20, 2);
    await whenCounted(sandbox.pool);
    const before = await readModel(sandbox.pool);
    isBroken = true;
    await host.startRebuild("counter", "balances");
    const rebuild = await whenRebuilt(host, "failed");
    expect(rebuild.error).toEqual({ name: "ParkMessage", message: "Seven is too much." });
    expect(rebuild.endedAt).not.toBeNull();
    expect(await readModel(sandbox.pool)).toEqual(before);
    expect(await schemas()).toEqual([]);
    isBroken = false;
    await host.startRebuild("counter", "balances");
    await whenRebuilt(host);
    expect(await readModel(sandbox.pool)).toEqual(before);
  });

  it("is refused while one is running, which can be cancelled; then there is nothing to cancel", async () => {
    const host = await sandbox.host([ledger, counter()]);
    await change(host, "key");
    await whenCounted(sandbox.pool);
    const held = await sandbox.connect();
    await held.query("begin; select * from counter.balances");
    await host.startRebuild("counter", "balances");
    await expect(host.startRebuild("counter", "balances")).rejects.toMatchObject({ code: "rebuild-running" });
    expect(await rebuildOf(host)).toMatchObject({ state: "running", total: 1 });
    await host.cancelRebuild("counter", "balances");
    expect(await rebuildOf(host)).toMatchObject({ state: "cancelled" });
    expect(await schemas()).toEqual([]);
    await expect(host.cancelRebuild("counter", "balances")).rejects.toMatchObject({
      code: "rebuild-not-running",
    });
    await held.query("commit");
    const starts = await Promise.allSettled([1, 2, 3].map(() => host.startRebuild("counter", "balances")));
    const refused = starts.flatMap((start) => (start.status === "rejected" ? [start.reason.code] : []));
    expect(refused).toEqual(["rebuild-running", "rebuild-running"]);
    await whenRebuilt(host);
  });

  it("waits for a reader that stays, in whose way it does not stand for long, and ends after it", async () => {
    const host = await sandbox.host([ledger, counter()]);
    await changeMany(host, 10, 1);
    await whenCounted(sandbox.pool);
    const held = await sandbox.connect();
    await held.query("begin; select * from counter.balances");
    await host.startRebuild("counter", "balances");
    await change(host, "meanwhile");
    await whenCounted(sandbox.pool);
    expect(await rebuildOf(host)).toMatchObject({ state: "running" });
    await held.query("commit");
    await whenRebuilt(host);
    expect(await readModel(sandbox.pool)).toEqual(await expectedModel(sandbox.pool));
  });

  it("has failed when the tables were migrated meanwhile, and keeps the migrated ones", async () => {
    const host = await sandbox.host([ledger, counter()]);
    await change(host, "key");
    await whenCounted(sandbox.pool);
    const held = await sandbox.connect();
    await held.query("begin; select * from counter.versions");
    await host.startRebuild("counter", "balances");
    await sandbox.pool.query("alter table counter.balances add column note text not null default 'new'");
    await held.query("commit");
    expect((await whenRebuilt(host, "failed")).error).toMatchObject({ code: "rebuild-outdated" });
    expect((await sandbox.pool.query("select note from counter.balances")).rows).toEqual([{ note: "new" }]);
  });
});

describe("a handler in a rebuild", () => {
  it.each([
    ["publishes", "rebuild-must-not-record", on(Changed, ({ data }, tx) => void tx.publish(Noted, data))],
    [
      "schedules",
      "rebuild-must-not-record",
      on(Changed, ({ data }, tx) => void tx.schedule(new Date(0), Noted, data)),
    ],
    [
      "works in a transaction apart",
      "rebuild-must-not-record",
      on(Changed, (_, tx) => tx.apart((apart) => apart.query("select 1"))),
    ],
    [
      "writes to a table that is not named",
      "rebuild-writes-elsewhere",
      on(Changed, (_, tx) => tx.query("insert into versions values (1, 1) on conflict do nothing")),
    ],
    [
      "writes to the tables in use",
      "rebuild-writes-elsewhere",
      on(Changed, (_, tx) => tx.query("insert into counter.versions values (1, 1) on conflict do nothing")),
    ],
  ])("that %s fails it with %s", async (_, code, handler) => {
    const options = { tables: ["balances"] };
    const host = await sandbox.host([ledger, counter([handler], options)]);
    await change(host, "key");
    await until("it is handled", async () => (await archived()) === 1);
    await sandbox.pool.query("delete from counter.versions");
    const recorded = "select count(*)::int as count from counter.tidings_outbox";
    const before = (await sandbox.pool.query(recorded)).rows;
    await host.startRebuild("counter", "balances");
    expect((await whenRebuilt(host, "failed")).error).toMatchObject({ code });
    expect((await sandbox.pool.query(recorded)).rows).toEqual(before);
    expect((await sandbox.pool.query("select * from counter.versions")).rows).toEqual([]);
  });
});

describe("a projection", () => {
  it("that does not name its tables archives nothing and is not rebuildable", async () => {
    const host = await sandbox.host([ledger, counter([countChange], {})]);
    await changeMany(host, 10, 2);
    await whenCounted(sandbox.pool);
    expect(await archived()).toBe(0);
    expect(await host.projections("counter")).toEqual([
      { name: "balances", isRebuildable: false, rebuild: null },
    ]);
    await expect(host.startRebuild("counter", "balances")).rejects.toMatchObject({
      code: "projection-not-rebuildable",
    });
    await expect(host.startRebuild("counter", "other")).rejects.toMatchObject({
      code: "projection-not-rebuildable",
    });
  });

  it.each([
    ["named its tables after it had read", [undefined, ["balances", "versions"]]],
    [
      "was run without its tables in between",
      [["balances", "versions"], undefined, ["balances", "versions"]],
    ],
  ])("that %s is not rebuilt, since its archive lacks something", async (_, runs) => {
    for (const tables of runs) {
      const host = await sandbox.host([ledger, counter([countChange], tables ? { tables } : {})]);
      await change(host, "key");
      await whenCounted(sandbox.pool);
      await host.close();
    }
    const host = await sandbox.host([ledger, counter()]);
    await expect(host.startRebuild("counter", "balances")).rejects.toMatchObject({
      code: "archive-incomplete",
      message: "The projection balances has handled messages of ledger that its archive does not have.",
    });
  });

  it.each([
    [
      "has a foreign key",
      "alter table balances add foreign key (version) references versions",
      "foreign key",
    ],
    [
      "is referred to",
      "create table notes (key text references balances)",
      "is referred to by the foreign key",
    ],
    [
      "is seen by a view",
      "create view rich as select * from balances where changes > 9",
      "used by the view rich",
    ],
    ["has a serial column", "alter table versions add column place bigserial", "serial column place"],
    ["does not exist", "alter table versions rename to editions", "versions is not a table"],
    [
      "has a trigger",
      `create function nothing() returns trigger language plpgsql as 'begin return new; end';
       create trigger nothing before insert on versions for each row execute function nothing()`,
      "trigger nothing",
    ],
  ])("one of whose tables %s is not rebuilt, and it is said why", async (_, sql, reason) => {
    const host = await sandbox.host([ledger, counter()]);
    await sandbox.pool.query(`set search_path = counter; ${sql}`);
    await expect(host.startRebuild("counter", "balances")).rejects.toThrow(reason);
    expect(await schemas()).toEqual([]);
  });
});
