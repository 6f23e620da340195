import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { maintainOutboxParts, outboxPartSize } from "../retention.ts";
import { answerEntries } from "./answer-entries.ts";
import { createShop, keys, type Shop } from "./relay.fixture.ts";

let shop: Shop;
beforeEach(async () => {
  shop = await createShop();
});
afterEach(() => shop.close());

const ask = (after: number, upTo: number) =>
  answerEntries(shop.pool, shop.store, { about: "entries", partition: 1, after, upTo });

const one = keys.slice(1, 2);
const positionsOf = ({ entries }: Awaited<ReturnType<typeof ask>>) => entries.map(({ position }) => position);

/** Goes on with the first position of a part of the outbox. */
async function continueInPart(number: number): Promise<void> {
  await shop.pool.query(`select setval('${shop.store.table("outbox_position")}', $1, false)`, [
    number * outboxPartSize,
  ]);
}

describe("entries that somebody misses", () => {
  it("are those of the partition between the positions, each with its predecessor", async () => {
    for (let round = 0; round < 4; round++) await shop.record([...keys, ...keys]);
    const [, log = []] = await shop.positions();
    const [first = 0, ...rest] = log;
    const last = rest.at(-1) ?? 0;
    const answer = await ask(first, last - 1);
    expect(positionsOf(answer)).toEqual(rest.slice(0, -1));
    expect(answer.entries.map(({ previous }) => previous)).toEqual(log.slice(0, -2));
    expect(answer.entries.every(({ partition, message }) => partition === 1 && message.key === one[0])).toBe(
      true,
    );
    expect(answer.begins).toBe(0);
  });

  it("come as many as one answer holds, from the first on", async () => {
    await shop.record(Array.from({ length: 350 }, () => one[0] as string));
    const [, log = []] = await shop.positions();
    const answer = await ask(log[9] as number, log.at(-1) as number);
    expect(positionsOf(answer)).toEqual(log.slice(10, 210));
  });

  it("come in answers that a broker can carry: of large ones fewer, of the largest one", async () => {
    for (const size of [150_000, 150_000, 150_000, 900_000])
      await shop.record(one, { data: "x".repeat(size) });
    const [, log = []] = await shop.positions();
    expect(positionsOf(await ask(0, log[3] as number))).toEqual(log.slice(0, 2));
    expect(positionsOf(await ask(log[1] as number, log[3] as number))).toEqual(log.slice(2, 3));
    expect(positionsOf(await ask(log[2] as number, log[3] as number))).toEqual(log.slice(3));
  });
});

describe("the position from which on there is something", () => {
  it("is where the first part begins that is left", async () => {
    await shop.record(one);
    await continueInPart(1);
    await shop.record([...one, ...one]);
    expect(await ask(0, outboxPartSize)).toMatchObject({ begins: 0 });
    expect(await maintainOutboxParts(shop.pool, shop.store, outboxPartSize)).toMatchObject({ dropped: 1 });
    const answer = await ask(0, outboxPartSize + 1);
    expect(answer.begins).toBe(outboxPartSize);
    expect(positionsOf(answer)).toEqual([outboxPartSize, outboxPartSize + 1]);
  });

  it("leaves out a part that is being detached, of which nothing can be read any more", async () => {
    await shop.record([...one, ...one]);
    await continueInPart(1);
    await shop.record(one);
    const reader = await shop.pool.connect();
    try {
      await reader.query("begin");
      await reader.query(`select count(*) from ${shop.store.table("outbox")}`);
      await maintainOutboxParts(shop.pool, shop.store, outboxPartSize);
      const answer = await ask(1, outboxPartSize);
      expect(positionsOf(answer)).toEqual([outboxPartSize]);
      expect(answer.begins, "2 is missing").toBe(outboxPartSize);
    } finally {
      reader.release(true);
    }
  });
});
