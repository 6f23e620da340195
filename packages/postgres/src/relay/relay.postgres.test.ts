import { until } from "@tidings/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCursors } from "../cursors.ts";
import type { BatchRequest } from "../handle-batch.ts";
import { chainsOf, createShop, keys, type Shop } from "./relay.fixture.ts";
import { relayBatch } from "./relay-batch.ts";
import { relayName } from "./relay-name.ts";

let shop: Shop;
beforeEach(async () => {
  shop = await createShop();
});
afterEach(() => shop.close());

const relay = (request: Partial<BatchRequest> = {}, environment = shop.environment) =>
  relayBatch(environment, shop.broker, { partitions: [0, 1, 2], limit: 4, inTurn: false, ...request });

const appended = () => shop.broker.appended.flat();

async function cursors(): Promise<number[]> {
  const rows = await readCursors(shop.pool, shop.store, shop.environment.key.source, [relayName]);
  return rows.map(({ position }) => position);
}

/** Relays until nothing is left. */
async function relayAll(): Promise<void> {
  while ((await relay()).batch.size > 0);
}

describe("what is appended", () => {
  it("is the whole outbox in order, each entry with its predecessor, over many batches", async () => {
    for (let round = 0; round < 5; round++) await shop.record([...keys, ...keys.slice(1)]);
    await relayAll();
    expect(shop.broker.appended.length, "it took several batches").toBeGreaterThan(2);
    expect(chainsOf(appended())).toEqual(await shop.positions());
    expect(await cursors()).toEqual((await shop.positions()).map((positions) => positions.at(-1)));
  });

  it("goes on after a restart where it was, also in a partition that had been empty", async () => {
    await shop.record(keys.slice(0, 1));
    await relayAll();
    await shop.record([...keys, ...keys]);
    await relayAll();
    expect(chainsOf(appended())).toEqual(await shop.positions());
  });

  it("is the message as it was recorded", async () => {
    const message = {
      type: "shop.Sold",
      version: 7,
      data: { text: "ä€😀", deep: [1, null] },
      headers: { actor: "mina" },
    };
    await shop.record(keys.slice(0, 1), message);
    await relayAll();
    expect(appended()).toMatchObject([{ partition: 0, previous: 0, message: { ...message, key: keys[0] } }]);
    expect(appended()[0]?.message.source).toBe("shop");
  });
});

describe("a batch that is not appended", () => {
  it("moves nothing when the broker refuses it, and is appended again with the same predecessors", async () => {
    await shop.record([...keys, ...keys]);
    const attempts: unknown[] = [];
    shop.broker.appending = async (entries) => {
      attempts.push(entries);
      if (attempts.length === 2) throw new Error("The broker is gone.");
    };
    await relay({ limit: 1 });
    const before = await cursors();
    await expect(relay()).rejects.toThrow("The broker is gone.");
    expect(await cursors()).toEqual(before);
    await relayAll();
    expect(attempts[2]).toEqual(attempts[1]);
    expect(chainsOf(appended())).toEqual(await shop.positions());
  });

  it("moves nothing when its process loses its connection after the broker has stored it", async () => {
    await shop.record(keys);
    const probe = async (step: string) => {
      if (step !== "handled") return;
      await shop.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and state = 'idle in transaction'`,
      );
    };
    await expect(relay({}, { ...shop.environment, probe })).rejects.toThrow();
    expect(await cursors()).toEqual([0, 0, 0]);
    await relayAll();
    const [first, second] = shop.broker.appended;
    expect(second, "its receivers get the same again").toEqual(first);
    expect(shop.broker.appended).toHaveLength(2);
  });
});

describe("two relays", () => {
  it("share the partitions: what one has under way the other leaves to it", async () => {
    await shop.record([...keys, ...keys]);
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    shop.broker.appending = () => finished;
    const first = relay({ partitions: [0, 1] });
    let claimed = 0;
    const environment = { ...shop.environment, probe: () => void claimed++ };
    const second = relay({}, environment);
    await until("the second has claimed its own", () => claimed > 0);
    finish();
    const batches = (await Promise.all([first, second])).map(({ batch }) => [...batch.partitions.keys()]);
    expect(batches).toEqual([[0, 1], [2]]);
    expect(chainsOf(appended())).toEqual(await shop.positions());
  });

  it("append all of a log once and in order while it grows", async () => {
    let isRecording = true;
    const relaying = [0, 1].map(async () => {
      while ((await relay()).batch.size > 0 || isRecording);
    });
    for (let round = 0; round < 30; round++) await shop.record([...keys, ...keys.slice(0, 1)]);
    isRecording = false;
    await Promise.all(relaying);
    await relayAll();
    expect(chainsOf(appended())).toEqual(await shop.positions());
  });
});
