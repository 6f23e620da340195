import { listDeadLetters, retryDeadLetter } from "@tidings/postgres";
import { expect, it } from "vitest";
import { until } from "../../probe.ts";
import { expectAllOnceInOrder, versionsByKey } from "../effects.ts";
import { type ChangedEvent, ledger, reader } from "../ledger.ts";
import { changeAll, keysOf } from "../load.ts";
import type { Trial } from "../trial.ts";

/** A bad message harms its key only, and waits for a person. */
export function isolation(trial: () => Trial): void {
  it("parks the message that fails, lets its key wait and the others go on, and resumes in order after a fix", async () => {
    let isFixed = false;
    let failures = 0;
    const after = ({ data }: ChangedEvent) => {
      if (isFixed || data.key !== "bad" || data.version !== 3) return;
      failures++;
      throw new Error("It fails until it is fixed.");
    };
    const host = await trial().host(ledger);
    const subscription = { retry: { attempts: 3, minDelayMs: 1, maxDelayMs: 5 } };
    const handling = await trial().host(reader("follower", { after, subscription }));
    const { pool, store } = handling.runtime("follower");
    const others = keysOf("good-", 60);
    for (let round = 0; round < 5; round++) await changeAll(host, ["bad", ...others]);
    const expected = new Map(others.map((key) => [key, [1, 2, 3, 4, 5]])).set("bad", [1, 2]);
    await until("it is parked, and two wait behind it", async () => {
      const [dead] = await listDeadLetters(pool, store);
      return dead?.waitingBehind === 2;
    });
    await until(
      "the other keys have gone on",
      async () => sizeOf(await versionsByKey(trial())) >= sizeOf(expected),
    );
    expect(await versionsByKey(trial())).toEqual(expected);
    expect(failures, "it was tried again before it was parked").toBeGreaterThanOrEqual(3);
    const [dead] = await listDeadLetters(pool, store);
    expect(dead).toMatchObject({
      message: { key: "bad" },
      error: { message: "It fails until it is fixed." },
    });
    isFixed = true;
    const id = { subscription: "follower", messageId: dead?.message.id ?? "" };
    expect(await retryDeadLetter(pool, store, id, new Date())).toBe(true);
    await changeAll(host, ["bad"]);
    await expectAllOnceInOrder(trial(), host);
  });
}

function sizeOf(versions: ReadonlyMap<string, readonly number[]>): number {
  return [...versions.values()].reduce((sum, list) => sum + list.length, 0);
}
