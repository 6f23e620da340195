import { type Handler, type MessageOf, on, onBatch, ParkMessage } from "@tidings/core";
import {
  type DeadLetter,
  dropDeadLetter,
  editDeadLetter,
  listDeadLetters,
  retryDeadLetter,
  storeOf,
} from "@tidings/postgres";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Host } from "../host.ts";
import {
  Changed,
  change,
  changeIn,
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

const store = storeOf("follower", 32);
const now = () => new Date();

/** A follower whose handler calls `before` first: to fail, or not to end. */
function failing(
  before: (event: MessageOf<typeof Changed>) => unknown,
  settings: { attempts?: number; handlerTimeoutMs?: number } = {},
) {
  const { attempts = 2, ...others } = settings;
  const handler = on(Changed, async (event, tx) => {
    await before(event);
    await keep(event, tx);
  });
  return following([handler], attempts, others);
}

function following(
  reacts: readonly Handler[],
  attempts: number,
  settings: { handlerTimeoutMs?: number } = {},
) {
  return follower({
    reacts,
    subscription: { retry: { attempts, minDelayMs: 1, maxDelayMs: 5 }, ...settings },
  });
}

async function deadLetter(): Promise<DeadLetter> {
  return until("there is a dead letter", async () => (await listDeadLetters(sandbox.pool, store))[0]);
}

async function versionsOf(key: string): Promise<number[]> {
  return (await versionsByKey(sandbox.pool)).get(key) ?? [];
}

/** The change of a key of the same subscription is handled: so everything that could be handled before it was. */
async function whenMarkerIsHandled(host: Host, key: string): Promise<void> {
  const version = await change(host, key);
  await until(`${key} ${version} is handled`, async () => (await versionsOf(key)).at(-1) === version);
}

function idOf({ subscription, message }: DeadLetter) {
  return { subscription, messageId: message.id };
}

it("handles 9,980 of 10,000 messages beside a poisoned key, and the rest of that key in order once it is healed", async () => {
  let isHealed = false;
  const poison = ({ data }: MessageOf<typeof Changed>) => {
    if (data.key === "key-7" && data.version === 3 && !isHealed) throw new Error("Poison.");
  };
  const host = await sandbox.host([ledger, failing(poison)]);
  const keys = keysOf("key-", 500);
  for (let round = 0; round < 20; round++) {
    await host.transaction("ledger", async (tx) => {
      for (const key of keys) void changeIn(tx, key);
      await tx.query("select 1");
    });
  }
  const areHandled = async () => (await countEffects(sandbox.pool)) === 10_000 - 18;
  await until("all others are handled", areHandled, { timeout: 40_000, interval: 100 });
  const dead = await deadLetter();
  expect(dead.message.data).toEqual({ key: "key-7", version: 3 });
  expect(dead).toMatchObject({ attempts: 2, error: { message: "Poison." }, waitingBehind: 17 });
  expect(await versionsOf("key-7")).toEqual([1, 2]);
  isHealed = true;
  expect(await retryDeadLetter(sandbox.pool, store, idOf(dead), now())).toBe(true);
  await until("the healed key is handled", async () => (await countEffects(sandbox.pool)) === 10_000, {
    timeout: 30_000,
  });
  expect(await versionsByKey(sandbox.pool)).toEqual(await committedByKey(sandbox.pool));
  expect(await listDeadLetters(sandbox.pool, store)).toEqual([]);
});

it("isolates the poison of a batch handler", async () => {
  const handler = onBatch(Changed, async (events, tx) => {
    for (const event of events) await keep(event, tx);
    if (events.some(({ data }) => data.key === "poison")) throw new Error("Poison in the batch.");
  });
  const host = await sandbox.host([ledger]);
  const keys = keysOf("key-", 300);
  await host.transaction("ledger", async (tx) => {
    for (const key of ["poison", ...keys]) await changeIn(tx, key);
  });
  await sandbox.host([following([handler], 2)]);
  await until("all others are handled", async () => (await countEffects(sandbox.pool)) >= 300);
  expect((await deadLetter()).message.key).toBe("poison");
  expect([...(await versionsByKey(sandbox.pool)).keys()].sort()).toEqual(keys.sort());
});

it("makes a message that does not match its schema a dead letter at once, and goes on with it once it is edited", async () => {
  const host = await sandbox.host([ledger, failing(() => {}, { attempts: 10 })]);
  await recordIn(sandbox.pool as never, changeMessage("key", 1, { key: "key" }));
  await recordIn(sandbox.pool as never, changeMessage("key", 2));
  await whenMarkerIsHandled(host, "marker");
  const dead = await deadLetter();
  expect(dead).toMatchObject({ attempts: 1, error: { code: "message-invalid" } });
  expect(await versionsOf("key")).toEqual([]);
  const edited = await editDeadLetter(sandbox.pool, store, idOf(dead), { key: "key", version: 1 }, now());
  await until("the key is handled", async () => (await versionsOf("key")).length === 2);
  expect(await versionsOf("key")).toEqual([1, 2]);
  const { rows } = await sandbox.pool.query(
    "select message from follower.effects where key = 'key' and version = 1",
  );
  expect(rows).toEqual([{ message: edited }]);
  const dropped = await sandbox.pool.query("select message_id, reason from follower.tidings_dropped");
  expect(dropped.rows).toEqual([{ message_id: dead.message.id, reason: "edited" }]);
});

it("goes on with the key behind a dropped dead letter, also when an edited one is wrong again", async () => {
  const host = await sandbox.host([ledger, follower()]);
  await recordIn(
    sandbox.pool as never,
    changeMessage("key", 1, "nonsense"),
    changeMessage("key", 2),
    changeMessage("key", 3),
  );
  const first = await deadLetter();
  await editDeadLetter(sandbox.pool, store, idOf(first), "still nonsense", now());
  const second = await until("the edited one is dead too", async () => {
    const [dead] = await listDeadLetters(sandbox.pool, store);
    return dead?.message.causationId === first.message.id && dead;
  });
  expect(
    await retryDeadLetter(sandbox.pool, store, idOf(first), now()),
    "the first one is no longer there",
  ).toBe(false);
  expect(await dropDeadLetter(sandbox.pool, store, idOf(second), now())).toBe(true);
  expect(await dropDeadLetter(sandbox.pool, store, idOf(second), now()), "dropped twice").toBe(false);
  await until("the key goes on", async () => (await versionsOf("key")).length === 2);
  await whenMarkerIsHandled(host, "key-2");
  expect(await versionsOf("key")).toEqual([2, 3]);
});

it("parks at once what a handler says to park", async () => {
  const park = ({ data }: MessageOf<typeof Changed>) => {
    if (data.key === "hopeless") throw new ParkMessage("Nobody can handle this.");
  };
  const host = await sandbox.host([ledger, failing(park, { attempts: 10 })]);
  await change(host, "hopeless");
  expect(await deadLetter()).toMatchObject({ attempts: 1, error: { name: "ParkMessage" } });
});

it("lets a handler that never ends harm its key only", async () => {
  const hang = ({ data }: MessageOf<typeof Changed>) =>
    data.key === "endless" ? new Promise(() => {}) : undefined;
  const host = await sandbox.host([ledger, failing(hang, { handlerTimeoutMs: 100 })]);
  await change(host, "endless");
  await change(host, "endless");
  const keys = keysOf("key-", 50);
  await Promise.all(keys.map((key) => change(host, key)));
  await until("all others are handled", async () => (await countEffects(sandbox.pool)) >= keys.length);
  expect(await deadLetter()).toMatchObject({ error: { code: "handler-timeout" } });
  await until("the next one waits", async () => (await deadLetter()).waitingBehind === 1);
  expect(await versionsOf("endless")).toEqual([]);
});

it("takes a handler's own network errors for the message's, not for the database's", async () => {
  const refuse = ({ data }: MessageOf<typeof Changed>) => {
    if (data.key !== "unreachable") return;
    throw new TypeError("fetch failed", {
      cause: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
    });
  };
  const host = await sandbox.host([ledger, failing(refuse)]);
  await change(host, "unreachable");
  const keys = keysOf("key-", 50);
  await Promise.all(keys.map((key) => change(host, key)));
  await until("all others are handled", async () => (await countEffects(sandbox.pool)) >= keys.length);
  expect(await deadLetter()).toMatchObject({ attempts: 2, message: { key: "unreachable" } });
});

it("does not count lost connections as attempts", async () => {
  const cut = new Set<string>();
  const handler = on(Changed, async (event, tx) => {
    if (!cut.has(event.id)) {
      cut.add(event.id);
      const { rows } = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
      await sandbox.pool.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    }
    await keep(event, tx);
  });
  const host = await sandbox.host([ledger, following([handler], 1)]);
  for (let version = 1; version <= 10; version++) await whenMarkerIsHandled(host, "key");
  expect(cut.size).toBe(10);
  expect(await versionsOf("key")).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const { rows } = await sandbox.pool.query("select from follower.tidings_parked");
  expect(rows).toEqual([]);
});
