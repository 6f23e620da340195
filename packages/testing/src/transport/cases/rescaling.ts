import { it } from "vitest";
import { until } from "../../probe.ts";
import { countEffects, expectAllOnceInOrder } from "../effects.ts";
import { ledger, reader } from "../ledger.ts";
import { Load } from "../load.ts";
import { pause } from "../random.ts";
import type { Trial } from "../trial.ts";

/** Instances come and go under load. */
export function rescaling(trial: () => Trial): void {
  it("shares the work of one instance among three, and gives it back to one, in order", async () => {
    const host = await trial().host(ledger);
    const start = (by: string) => trial().host(reader("follower", { by, before: () => pause(1) }));
    const worksOn = async (by: string) => {
      const before = await countEffects(trial(), { by });
      await until(`${by} works`, async () => (await countEffects(trial(), { by })) > before + 30);
    };
    const load = new Load(host);
    await start("one");
    await worksOn("one");
    const others = await Promise.all([start("two"), start("three")]);
    await Promise.all(["one", "two", "three"].map(worksOn));
    await Promise.all(others.map((other) => other.close()));
    await worksOn("one");
    await load.stop();
    await expectAllOnceInOrder(trial(), host);
  });
}
