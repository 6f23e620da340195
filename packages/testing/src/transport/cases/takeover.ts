import { expect, it } from "vitest";
import { until } from "../../probe.ts";
import { countEffects, effectTime, expectAllOnceInOrder, whenAllGoOn } from "../effects.ts";
import { ledger, reader } from "../ledger.ts";
import { Load } from "../load.ts";
import type { Trial } from "../trial.ts";

/** Another instance goes on with the work of one that is closed or killed. */
export function takeover(trial: () => Trial): void {
  it("hands over within a second when an instance is closed in the middle of its work, without an error", async () => {
    const host = await trial().host(ledger);
    const load = new Load(host);
    const leaving = await trial().host(reader("follower", { by: "leaving" }));
    await until("it is at work", async () => (await countEffects(trial(), { by: "leaving" })) > 100);
    await trial().host(reader("follower", { by: "heir" }));
    const since = await effectTime(trial());
    await Promise.all([leaving.close(), whenAllGoOn(trial(), since, 1_000)]);
    const left = await countEffects(trial(), { by: "leaving" });
    await whenAllGoOn(trial(), await effectTime(trial()), 1_000);
    await load.stop();
    await expectAllOnceInOrder(trial(), host);
    expect(await countEffects(trial(), { by: "leaving" }), "effects of the one that was closed").toBe(left);
    expect(trial().errors).toEqual([]);
  });

  it("goes on within 5 seconds when the instance at work is killed", async () => {
    const host = await trial().host(ledger);
    const load = new Load(host);
    const program = trial().program({ service: "follower", handlerMs: 5 });
    await until("it is at work", async () => (await countEffects(trial(), { by: "program" })) > 50);
    await trial().host(reader("follower", { by: "heir" }));
    await program.kill();
    await whenAllGoOn(trial(), await effectTime(trial()), 5_000);
    await load.stop();
    await expectAllOnceInOrder(trial(), host);
  });
}
