import { type DomainEvent, defineAggregate, on, view } from "@tidings/core";
import { partitionOf } from "@tidings/core/internal";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { defineService } from "../define-service.ts";
import {
  Changed,
  change,
  committedByKey,
  countEffects,
  follower,
  keep,
  keysOf,
  ledger,
  versionsByKey,
} from "./ledger.fixture.ts";
import { Sandbox } from "./sandbox.fixture.ts";
import { changeMessage, recordIn } from "./user-transaction.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

const candidates = keysOf("key-", 1_500);
const heldPartition = partitionOf("held", 32);
const sharing = candidates.filter((key) => partitionOf(key, 32) === heldPartition).slice(0, 30);
const others = candidates.filter((key) => partitionOf(key, 32) !== heldPartition).slice(0, 50);

it("lets writers of other keys through when more writers wait for a held partition than there are connections", async () => {
  const host = await sandbox.host([ledger, follower()], { connections: { requests: 10 } });
  const held = await sandbox.connect();
  await held.query("begin");
  await recordIn(held, changeMessage("held", 1));
  const waiting = Array.from({ length: 30 }, (_, n) => change(host, sharing[n] as string));
  let written = 0;
  Promise.all(waiting).catch(() => {});
  for (let round = 0; round < 5; round++) {
    await Promise.all(others.map((key) => change(host, key)));
    written += others.length;
  }
  await until("all others are handled", async () => (await countEffects(sandbox.pool)) === written);
  await held.query("commit");
  await Promise.all(waiting);
  await until("all are handled", async () => (await countEffects(sandbox.pool)) === written + 31);
  const versions = await versionsByKey(sandbox.pool);
  versions.delete("held");
  expect(versions).toEqual(await committedByKey(sandbox.pool));
});

it("keeps no other key waiting for longer than a few seconds behind a handler that hangs for ten", async () => {
  let hanging = 0;
  const host = await sandbox.host([
    ledger,
    follower({
      reacts: [
        on(Changed, async (event, tx) => {
          if (event.data.key === sharing[0] && hanging++ < 2) await new Promise(() => {});
          await keep(event, tx);
        }),
      ],
      subscription: { handlerTimeoutMs: 10_000, retry: { minDelayMs: 10 } },
    }),
  ]);
  await Promise.all([...sharing.slice(0, 1), ...others].map((key) => change(host, key)));
  const isHandled = async () => (await countEffects(sandbox.pool)) === others.length;
  await until("all other keys are handled", isHandled, { timeout: 5_000 });
  expect((await versionsByKey(sandbox.pool)).has(sharing[0] as string)).toBe(false);
  const isDone = async () => (await countEffects(sandbox.pool)) === others.length + 1;
  await until("the hanging one is given up, retried and handled", isDone, { timeout: 40_000 });
});

it("decides again when a view breaks its constraint because the decision was about an old state", async () => {
  interface Took extends DomainEvent {
    readonly type: "Took";
    readonly data: { readonly left: number };
  }
  const stock = defineAggregate<{ left: number }, Took>("stock", {
    initial: { left: 1 },
    evolve: { Took: (_, { left }) => ({ left }) },
  });
  const subtract = "update stock set amount = amount - 1 where id = $1";
  const table = "create table stock (id text primary key, amount int not null check (amount >= 0))";
  const shop = defineService("shop", {
    views: [view(stock, { Took: (_, { id }, tx) => tx.query(subtract, [id]) })],
    migrations: [{ name: "0001-stock", sql: `${table}; insert into stock values ('a', 1)` }],
  });
  const host = await sandbox.host([shop]);
  const seen: number[] = [];
  const take = (meanwhile: () => Promise<unknown>) =>
    host.transaction("shop", async (tx) => {
      const root = await tx.load(stock, "a");
      const { left } = root.state;
      seen.push(left);
      await meanwhile();
      if (left > 0) await tx.append(root, [{ type: "Took", data: { left: left - 1 } }]);
    });
  await take(async () => {
    if (seen.length === 1) await take(async () => {});
  });
  expect(seen).toEqual([1, 1, 0]);
  const { rows } = await sandbox.pool.query("select amount from shop.stock");
  expect(rows).toEqual([{ amount: 0 }]);
});
