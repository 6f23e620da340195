import { partitionOf } from "@tidings/core/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Changed, change, countEffects, follower, keysOf, ledger, versionsByKey } from "./ledger.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";
import { changeMessage, recordIn } from "./user-transaction.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

const neighbour = keysOf("key-", 200).find(
  (key) => partitionOf(key, 32) === partitionOf("held", 32),
) as string;

async function parts(): Promise<number[]> {
  const { rows } = await sandbox.pool.query(
    `select substring(inhrelid::regclass::text from '[0-9]+')::int as part from pg_inherits
     where inhparent = 'ledger.tidings_outbox'::regclass and not inhdetachpending order by 1`,
  );
  return rows.map(({ part }) => part);
}

/** As if so many messages had been recorded: parts hold a million each. */
async function jumpTo(position: number): Promise<void> {
  await sandbox.pool.query("select setval('ledger.tidings_outbox_position', $1)", [position]);
}

async function whenHandled(count: number): Promise<void> {
  await until(`${count} are handled`, async () => (await countEffects(sandbox.pool)) === count);
}

it("creates parts ahead and drops those that every subscription has passed", async () => {
  const host = await sandbox.host([ledger, follower()]);
  const maintain = () => host.runtime("ledger").maintain();
  await change(host, "early");
  await whenHandled(1);
  await jumpTo(1_500_000);
  await maintain();
  expect(await parts(), "nothing has been handled beyond the first part").toEqual([0, 1, 2, 3, 4, 5]);
  await change(host, "late");
  await whenHandled(2);
  await maintain();
  expect(await parts()).toEqual([1, 2, 3, 4, 5]);
  await jumpTo(1_999_998);
  await change(host, "edge");
  await change(host, "edge");
  await whenHandled(4);
  expect((await versionsByKey(sandbox.pool)).get("edge")).toEqual([1, 2]);
});

it("keeps a part in which an open transaction has recorded a message, and one that a subscription has yet to read", async () => {
  const host = await sandbox.host([ledger, follower()]);
  const maintain = () => host.runtime("ledger").maintain();
  const held = await sandbox.connect();
  await held.query("begin");
  await recordIn(held, changeMessage("held", 1));
  await jumpTo(1_500_000);
  await change(host, "another");
  await whenHandled(1);
  await maintain();
  expect(await parts(), "parts beside the open transaction").toContain(0);
  await host.close();
  await held.query("commit");
  const alone = await sandbox.host([ledger]);
  await alone.runtime("ledger").maintain();
  expect(await parts(), "parts before the late message is handled").toContain(0);
  const again = await sandbox.host([ledger, follower()]);
  await whenHandled(2);
  await again.runtime("ledger").maintain();
  expect(await parts()).not.toContain(0);
});

it("goes on with everything else while an open transaction keeps a part from being dropped", async () => {
  const host = await sandbox.host([ledger, follower()]);
  await change(host, neighbour);
  await whenHandled(1);
  await jumpTo(1_500_000);
  await change(host, neighbour);
  await whenHandled(2);
  const held = await sandbox.connect();
  await held.query("begin");
  await recordIn(held, changeMessage("held", 1));
  let isOver = false;
  const upkeep = host.runtime("ledger").maintain();
  upkeep.then(
    () => {
      isOver = true;
    },
    () => {},
  );
  await until("the upkeep no longer waits for it", () => isOver);
  await host.transaction("ledger", async (tx) =>
    tx.schedule(new Date(0), Changed, { key: "scheduled", version: 1 }),
  );
  await until("the scheduled message is handled", async () =>
    (await versionsByKey(sandbox.pool)).has("scheduled"),
  );
  await held.query("commit");
  await whenHandled(4);
  await host.runtime("ledger").maintain();
  expect(await parts()).toEqual([1, 2, 3, 4, 5]);
  const { rows } = await sandbox.pool.query("select to_regclass('ledger.tidings_outbox_part_0') as part");
  expect(rows).toEqual([{ part: null }]);
});
