import { it } from "vitest";
import { until } from "../../probe.ts";
import { countEffects, expectAllOnceInOrder } from "../effects.ts";
import { ledger, reader, tally } from "../ledger.ts";
import { changeAll, keysOf, spreadKeys } from "../load.ts";
import type { Trial } from "../trial.ts";

/** Each subscription has a position of its own. */
export function positions(trial: () => Trial): void {
  it("begins a new subscription with the first message, and lets the old one of the same service go on", async () => {
    const host = await trial().host(ledger);
    const early = [...keysOf("early-", 100), ...spreadKeys];
    await changeAll(host, early);
    const first = await trial().host(reader("follower"));
    await until("it has handled what is older", async () => (await countEffects(trial())) === early.length);
    await first.close();
    await changeAll(host, spreadKeys);
    await trial().host(reader("follower", { projects: [tally] }));
    await changeAll(host, spreadKeys);
    await expectAllOnceInOrder(trial(), host, { by: "tally" });
    await expectAllOnceInOrder(trial(), host, { by: "follower" });
  });
}
