import { it } from "vitest";
import { until } from "../../probe.ts";
import { countEffects, expectAllOnceInOrder } from "../effects.ts";
import { ledger, reader } from "../ledger.ts";
import { changeAll, Load, spreadKeys } from "../load.ts";
import type { Trial } from "../trial.ts";

/** Without the broker services go on recording; with it, what they have recorded arrives. */
export function brokerLoss(trial: () => Trial): void {
  it("records while the broker is away, and delivers once when it is back", async ({ skip }) => {
    const { broker } = trial().scene;
    if (!broker) return skip("There is nothing but the database.");
    const host = await trial().host(ledger);
    await trial().host(reader("follower"));
    const load = new Load(host);
    await until("messages arrive", async () => (await countEffects(trial())) > 100);
    await broker.stop();
    for (let round = 0; round < 5; round++) await changeAll(host, spreadKeys);
    await broker.start();
    const before = await countEffects(trial());
    await until("messages arrive again", async () => (await countEffects(trial())) > before + 100);
    await load.stop();
    await expectAllOnceInOrder(trial(), host);
  });
}
