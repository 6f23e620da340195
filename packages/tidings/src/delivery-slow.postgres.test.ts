import { on } from "@tidings/core";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { barrier, parked, publish, reader, whenRead } from "./delivery.fixture.ts";
import { Changed, countEffects, keep, keysOf, ledger } from "./promises/ledger.fixture.ts";
import { Sandbox } from "./promises/sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

it("handles two slow messages side by side also when there are no others", async () => {
  const host = await sandbox.host([ledger]);
  const meet = barrier(2);
  const slow = on(Changed, async (event, tx) => {
    if (event.key.startsWith("meet")) await meet();
    else await new Promise((resolve) => setTimeout(resolve, 30));
    await keep(event, tx);
  });
  await sandbox.host([reader({ reacts: [slow], subscription: { handlerTimeoutMs: 5_000 } })]);
  await publish(host, keysOf("key-", 60));
  await whenRead(sandbox);
  await publish(host, ["meet-1", "meet-2"]);
  await whenRead(sandbox);
  expect(await parked(sandbox)).toEqual([]);
});

it("leaves the partitions in which there is nothing to others, while its first message takes long", async () => {
  const host = await sandbox.host([ledger]);
  await publish(host, ["slow"]);
  let isBegun = false;
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const handler = on(Changed, async (event, tx) => {
    if (event.key === "slow") {
      isBegun = true;
      await released;
    }
    await keep(event, tx);
  });
  for (let n = 0; n < 2; n++) await sandbox.host([reader({ reacts: [handler] })]);
  await until("the slow one has begun", () => isBegun);
  await publish(host, ["other"]);
  await until("the other one is handled", async () => (await countEffects(sandbox.pool)) === 1, {
    timeout: 3_000,
  });
  release();
  await until("both are handled", async () => (await countEffects(sandbox.pool)) === 2);
});
