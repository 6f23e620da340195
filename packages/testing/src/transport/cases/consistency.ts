import { expect, it } from "vitest";
import { expectAllOnceInOrder, versionsByKey } from "../effects.ts";
import { changeIn, ledger, reader } from "../ledger.ts";
import type { Trial } from "../trial.ts";

/** Whoever holds a token of one service can wait until another one has handled what it names. */
export function consistency(trial: () => Trial): void {
  it("waits until another service has handled what a token names, asked at either service", async () => {
    let open = () => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    const host = await trial().host(ledger);
    const follower = await trial().host(reader("follower", { before: () => opened }));
    const asked = [await trial().host(ledger), follower];
    const change = async () => {
      const { positions } = await host.commit("ledger", (tx) => changeIn(tx, "key"));
      return new Map([["ledger", positions]]);
    };
    const token = await change();
    const early = await Promise.all(asked.map(({ gate }) => gate.consistent(token, "follower", 300)));
    expect(early, "before it is handled").toEqual([false, false]);
    open();
    const late = await Promise.all(asked.map(({ gate }) => gate.consistent(token, "follower", 5_000)));
    expect(late, "once it may be handled").toEqual([true, true]);
    for (let version = 2; version <= 11; version++) {
      const next = await change();
      expect(await asked[version % 2]?.gate.consistent(next, "follower", 5_000)).toBe(true);
      expect((await versionsByKey(trial())).get("key")?.at(-1), "what is read after the wait").toBe(version);
    }
    await expectAllOnceInOrder(trial(), host);
  });
}
