import { type MessageOf, on, type Transaction } from "@tidings/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { barrier, Gauge, narrowLedger, parked, publish, reader, whenRead } from "./delivery.fixture.ts";
import { Changed, countEffects, keep, keysOf, ledger, versionsByKey } from "./promises/ledger.fixture.ts";
import { Sandbox } from "./promises/sandbox.fixture.ts";

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await Sandbox.create();
});
afterEach(() => sandbox.close());

type Handle = (event: MessageOf<typeof Changed>, tx: Transaction) => Promise<unknown>;

/** Publishes, then lets a subscriber find all of it at once. */
async function deliver(
  keys: readonly string[],
  handle: Handle,
  options: { interleaved?: boolean } = {},
): Promise<void> {
  await publish(await sandbox.host([narrowLedger]), keys);
  await sandbox.host([reader({ reacts: [on(Changed, handle, options)] })]);
  await whenRead(sandbox);
}

describe("an interleaved handler", () => {
  const interleaved = { interleaved: true };

  it("handles messages of different keys at the same time", async () => {
    const meet = barrier(2);
    let begun = 0;
    await deliver(
      ["a", "b"],
      async (event, tx) => {
        begun++;
        await meet();
        await keep(event, tx);
      },
      interleaved,
    );
    expect(begun, "none was begun again").toBe(2);
    expect(await countEffects(sandbox.pool)).toBe(2);
  });

  it("handles messages of one key one after the other and in order", async () => {
    const all = new Gauge();
    const each = new Map(["a", "b", "c"].map((key) => [key, new Gauge()]));
    const begun = new Map<string, number[]>();
    const keys = Array.from({ length: 60 }, (_, index) => ["a", "b", "c"][index % 3] as string);
    await deliver(
      keys,
      (event, tx) =>
        all.during(async () => {
          const { key, version } = event.data;
          begun.set(key, [...(begun.get(key) ?? []), version]);
          await each.get(key)?.during(async () => {
            for (let pause = version % 4; pause >= 0; pause--) await tx.query("select 1");
            await keep(event, tx);
          });
        }),
      interleaved,
    );
    expect(all.most).toBe(3);
    expect([...each.values()].map(({ most }) => most)).toEqual([1, 1, 1]);
    const expected = (first: number) => Array.from({ length: 20 }, (_, index) => first + 3 * index);
    const order = new Map([
      ["a", expected(1)],
      ["b", expected(2)],
      ["c", expected(3)],
    ]);
    expect(begun).toEqual(order);
    expect(await versionsByKey(sandbox.pool)).toEqual(order);
  });

  it("keeps the effects of all keys but the one that fails", async () => {
    await deliver(
      ["a", "bad", "c", "a", "bad"],
      async (event, tx) => {
        await keep(event, tx);
        if (event.key === "bad") throw new Error("It is bad.");
      },
      interleaved,
    );
    expect(await versionsByKey(sandbox.pool)).toEqual(
      new Map([
        ["a", [1, 4]],
        ["c", [3]],
      ]),
    );
    expect(await parked(sandbox)).toEqual([
      { key: "bad", state: "dead", attempts: 1 },
      { key: "bad", state: "waiting", attempts: 0 },
    ]);
  });

  it("keeps the effects of all keys but the one whose statement fails", async () => {
    await deliver(
      ["a", "bad", "c"],
      async (event, tx) => {
        if (event.key === "bad") await tx.query("select 1 / 0");
        await keep(event, tx);
      },
      interleaved,
    );
    expect([...(await versionsByKey(sandbox.pool)).keys()].sort()).toEqual(["a", "c"]);
  });
});

describe("a handler that is not interleaved", () => {
  it("is never at work twice in one batch, and takes the messages in order", async () => {
    const gauge = new Gauge();
    const begun: number[] = [];
    await deliver(keysOf("key-", 64), (event, tx) =>
      gauge.during(async () => {
        begun.push(event.data.version);
        await tx.query("select 1");
        await keep(event, tx);
      }),
    );
    expect(gauge.most).toBe(1);
    expect(begun).toEqual(Array.from({ length: 64 }, (_, index) => index + 1));
  });
});

describe("handlers of different partitions", () => {
  /** 400 keys are in all of the 32 partitions. */
  const keys = keysOf("key-", 400);

  it("work in parallel once they have turned out to wait for something else than the database", async () => {
    const host = await sandbox.host([ledger]);
    const meet = barrier(2);
    let handled = 0;
    await publish(host, keys);
    const slow = on(Changed, async (event, tx) => {
      if (++handled > 1) await meet();
      else await new Promise((resolve) => setTimeout(resolve, 80));
      await keep(event, tx);
    });
    await sandbox.host([reader({ reacts: [slow] })]);
    await whenRead(sandbox);
    expect(handled, "none was begun again").toBe(400);
    expect(await parked(sandbox)).toEqual([]);
    expect(await countEffects(sandbox.pool)).toBe(400);
  });

  it("never work in parallel as long as they are quick", async () => {
    const host = await sandbox.host([ledger]);
    const gauge = new Gauge();
    await publish(host, keys);
    const quick = on(Changed, (event, tx) => gauge.during(() => keep(event, tx)));
    await sandbox.host([reader({ reacts: [quick] })]);
    for (let round = 0; round < 5; round++) await publish(host, keys);
    await whenRead(sandbox);
    expect(gauge.most).toBe(1);
    expect(await countEffects(sandbox.pool)).toBe(2_400);
  });
});
