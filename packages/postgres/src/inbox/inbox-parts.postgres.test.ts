import { until } from "@tidings/testing";
import pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { moveCursors } from "../cursors.ts";
import { messageOf } from "./entries.fixture.ts";
import { createInbox, type Inbox } from "./inbox.fixture.ts";
import { createInboxParts, dropInboxParts } from "./inbox-parts.ts";

const pastPart = "tidings_inbox_2026010203";
const past = "2026-01-02 03:30:00+00";

let inbox: Inbox;
beforeEach(async () => {
  inbox = await createInbox();
});
afterEach(() => inbox.close());

/** The tables of the inbox, attached or not. */
async function partNames(): Promise<string[]> {
  const { rows } = await inbox.pool.query(
    "select relname from pg_class where relkind = 'r' and relname ~ '^tidings_inbox_[0-9]+$' order by 1",
  );
  return rows.map(({ relname }) => relname);
}

/** The bounds of the attached parts, as the server says them in UTC. */
async function boundsIn(client: pg.ClientBase): Promise<string[]> {
  await client.query("set time zone 'UTC'");
  const { rows } = await client.query(
    `select pg_get_expr(c.relpartbound, c.oid) as bounds from pg_class c join pg_inherits i on i.inhrelid = c.oid
     where i.inhparent = $1::regclass order by c.relname`,
    [inbox.store.table("inbox")],
  );
  return rows.map(({ bounds }) => bounds);
}

/** The whole hours from now, as the test's server has them. */
async function hoursFromNow(count: number): Promise<Date[]> {
  const { rows } = await inbox.pool.query("select date_trunc('hour', now(), 'UTC') as hour");
  return Array.from({ length: count }, (_, index) => new Date(rows[0].hour.getTime() + index * 3_600_000));
}

const partOf = (hour: Date) => `tidings_inbox_${hour.toISOString().replace(/[-T]/g, "").slice(0, 10)}`;
const boundOf = (hour: Date) => `${hour.toISOString().replace("T", " ").slice(0, 19)}+00`;

async function dropAllParts(): Promise<void> {
  for (const name of await partNames()) await inbox.pool.query(`drop table desk.${name}`);
}

async function addPastPart(): Promise<void> {
  await inbox.pool.query(
    `create table desk.${pastPart} partition of ${inbox.store.table("inbox")}
     for values from ('2026-01-02 03:00:00+00') to ('2026-01-02 04:00:00+00')`,
  );
}

/** Receives a message long ago. */
async function receive(position: number, subscription = "desk"): Promise<void> {
  const { id, kind, type, correlationId } = messageOf();
  await inbox.pool.query(
    `insert into ${inbox.store.table("inbox")} (subscription, source, partition, position, id, kind, type, version, key,
       time, correlation_id, headers, data, received_at)
     values ($1, 'shop', 2, $2, $3, $4, $5, 1, 'key', now(), $6, '{}', '{}', $7)`,
    [subscription, position, id, kind, type, correlationId, past],
  );
}

const handle = (position: number) => inbox.pool.query(moveCursors(inbox.key, new Map([[2, position]])));
const drop = () => dropInboxParts(inbox.pool, inbox.store);

it.each(["UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Auckland"])(
  "has parts for this hour and two ahead, cut at the same moments in a session of %s",
  async (zone) => {
    await dropAllParts();
    const client = new pg.Client({ connectionString: inbox.url });
    await client.connect();
    try {
      await client.query(`set time zone '${zone}'`);
      const hours = await hoursFromNow(4);
      await createInboxParts(client as unknown as pg.Pool, inbox.store);
      const parts = hours.slice(0, 3);
      expect(await partNames()).toEqual(parts.map(partOf));
      expect(await boundsIn(client)).toEqual(
        parts.map(
          (hour, index) => `FOR VALUES FROM ('${boundOf(hour)}') TO ('${boundOf(hours[index + 1] as Date)}')`,
        ),
      );
    } finally {
      await client.end();
    }
  },
);

it("adds what is missing to what is there", async () => {
  const hours = await hoursFromNow(3);
  await inbox.pool.query(`drop table desk.${partOf(hours[1] as Date)}`);
  await createInboxParts(inbox.pool, inbox.store);
  expect(await partNames()).toEqual(hours.map(partOf));
});

it("has its parts made once when several processes find at the same moment that they are missing", async () => {
  const pools = Array.from({ length: 4 }, () => inbox.poolWith({ max: 1 }));
  await dropAllParts();
  const holder = await inbox.pool.connect();
  try {
    await holder.query(`begin; lock table ${inbox.store.table("inbox")} in access exclusive mode`);
    const making = Promise.allSettled(pools.map((pool) => createInboxParts(pool, inbox.store)));
    await until("all of them are about to make the first", async () => {
      const { rows } = await inbox.pool.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows.length === pools.length;
    });
    await holder.query("commit");
    expect((await making).filter(({ status }) => status === "rejected")).toEqual([]);
    expect(await partNames()).toEqual((await hoursFromNow(3)).map(partOf));
  } finally {
    holder.release(true);
  }
});

it("keeps a part of the past while a subscription has something unread in it, and drops it then", async () => {
  await addPastPart();
  for (const position of [5, 9]) await receive(position);
  const current = (await hoursFromNow(3)).map(partOf);
  expect([await drop(), await partNames()]).toEqual([0, [pastPart, ...current]]);
  await handle(5);
  expect([await drop(), await partNames()]).toEqual([0, [pastPart, ...current]]);
  expect((await inbox.stored()).map(({ position }) => position)).toEqual([5, 9]);
  await handle(9);
  expect([await drop(), await partNames()]).toEqual([1, current]);
});

it("leaves a part alone that has ended just now, into which something may still be under way", async () => {
  const [current] = (await hoursFromNow(1)) as [Date];
  const ended = new Date(current.getTime() - 3_600_000);
  await inbox.pool.query(
    `create table desk.${partOf(ended)} partition of ${inbox.store.table("inbox")}
     for values from ('${boundOf(ended)}') to ('${boundOf(current)}')`,
  );
  expect(await dropInboxParts(inbox.pool, inbox.store, 60)).toBe(0);
  expect(await dropInboxParts(inbox.pool, inbox.store, 0)).toBe(1);
});

it("does not keep a part for a subscription that is not registered", async () => {
  await addPastPart();
  await receive(5, "forgotten");
  expect(await drop()).toBe(1);
});

it("drops what was detached by a process that died before it dropped it", async () => {
  await addPastPart();
  await inbox.pool.query(`alter table ${inbox.store.table("inbox")} detach partition desk.${pastPart}`);
  await drop();
  expect(await partNames()).not.toContain(pastPart);
});

it("goes on with a part that a transaction which had used the inbox kept from being detached", async () => {
  await addPastPart();
  const reader = await inbox.pool.connect();
  try {
    await reader.query("begin");
    await reader.query(`select count(*) from ${inbox.store.table("inbox")}`);
    expect(await drop()).toBe(0);
    expect(await partNames()).toContain(pastPart);
    await reader.query("commit");
  } finally {
    reader.release(true);
  }
  expect(await drop()).toBe(1);
  expect(await partNames()).not.toContain(pastPart);
});

it("lets several processes do it at once, of which one drops", async () => {
  await addPastPart();
  const pools = Array.from({ length: 4 }, () => inbox.poolWith({ max: 1 }));
  await Promise.all(pools.map((pool) => pool.query("select 1")));
  const dropped = await Promise.all(pools.map((pool) => dropInboxParts(pool, inbox.store)));
  expect(dropped.reduce((sum, count) => sum + count)).toBe(1);
  expect(await partNames()).toHaveLength(3);
});
