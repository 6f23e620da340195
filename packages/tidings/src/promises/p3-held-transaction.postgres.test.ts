import { partitionOf } from "@tidings/core/internal";
import { until } from "@tidings/testing";
import { expect, it, type TestContext } from "vitest";
import type { Host } from "../host.ts";
import { change, countEffects, follower, keysOf, ledger, versionsByKey } from "./ledger.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";
import { changeMessage, recordIn } from "./user-transaction.fixture.ts";

const heldMs = 60_000;
const heldPartition = partitionOf("held", 32);
const candidates = keysOf("key-", 200);
const sharing = candidates.filter((key) => partitionOf(key, 32) === heldPartition).slice(0, 3);
const others = candidates.filter((key) => partitionOf(key, 32) !== heldPartition).slice(0, 16);

async function openSandbox({ onTestFinished }: TestContext): Promise<{ sandbox: Sandbox; host: Host }> {
  const sandbox = await Sandbox.create();
  onTestFinished(() => sandbox.close());
  return { sandbox, host: await sandbox.host([ledger, follower()]) };
}

/** Changes each key once, over and over, and waits each time until all of it is handled. @returns how many rounds */
async function flowFor(
  milliseconds: number,
  { sandbox, host }: { sandbox: Sandbox; host: Host },
  keys: readonly string[],
): Promise<number> {
  const end = performance.now() + milliseconds;
  let rounds = 0;
  for (; performance.now() < end; rounds++) {
    const before = await countEffects(sandbox.pool);
    const changing = Promise.all(keys.map((key) => change(host, key)));
    changing.catch(() => {});
    const areHandled = async () => (await countEffects(sandbox.pool)) === before + keys.length;
    await until(`round ${rounds} is handled beside the held transaction`, areHandled, { interval: 200 });
    await changing;
  }
  return rounds;
}

it.concurrent("holds nobody up while a transaction that has written stays open for a minute", {
  timeout: 120_000,
}, async (context) => {
  const { sandbox, host } = await openSandbox(context);
  const held = await sandbox.connect();
  await held.query("begin");
  await held.query("insert into ledger.accounts values ('held', 0)");
  const rounds = await flowFor(heldMs, { sandbox, host }, [...others, ...sharing]);
  await recordIn(held, changeMessage("held", 1));
  await held.query("commit");
  await until("the late message is handled", async () => (await versionsByKey(sandbox.pool)).get("held"));
  expect(rounds, "rounds handled meanwhile").toBeGreaterThan(60);
});

it.concurrent("holds only its partition up while a transaction that has recorded stays open for a minute", {
  timeout: 120_000,
}, async (context) => {
  const { sandbox, host } = await openSandbox(context);
  const held = await sandbox.connect();
  await held.query("begin");
  await recordIn(held, changeMessage("held", 1));
  let committed = 0;
  const waiting = sharing.map((key) => change(host, key).then(() => committed++));
  const rounds = await flowFor(heldMs, { sandbox, host }, others);
  expect(committed, "writers of the held partition that were not held up").toBe(0);
  expect(rounds, "rounds handled meanwhile").toBeGreaterThan(60);
  await recordIn(held, changeMessage("held", 2));
  await held.query("commit");
  await Promise.all(waiting);
  await until("the waiting messages are handled", async () => {
    const versions = await versionsByKey(sandbox.pool);
    return sharing.every((key) => versions.has(key)) && versions.get("held")?.length === 2;
  });
  const { rows } = await sandbox.pool.query(
    "select key, version from follower.effects where key = any($1) order by place",
    [["held", ...sharing]],
  );
  expect(rows.slice(0, 2)).toEqual([
    { key: "held", version: 1 },
    { key: "held", version: 2 },
  ]);
  expect(rows).toHaveLength(2 + sharing.length);
});
