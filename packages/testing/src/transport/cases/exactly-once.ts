import { batchSteps } from "@tidings/postgres/internal";
import { expect, it } from "vitest";
import { until } from "../../probe.ts";
import { countEffects, expectAllOnceInOrder } from "../effects.ts";
import { ledger, reader } from "../ledger.ts";
import { Load } from "../load.ts";
import type { Participation } from "../participation.ts";
import { pause, randomFrom, seed } from "../random.ts";
import type { Trial } from "../trial.ts";

/** The effects of a message happen once, wherever a process dies. */
export function exactlyOnce(trial: () => Trial): void {
  it("has each effect once when readers die at every step of a batch and of a retry", async () => {
    const host = await trial().host(ledger);
    const load = new Load(host);
    const places = batchSteps.map((step, index) => ({
      service: "follower" as const,
      at: { step, occurrence: 1 + (index % 3), outcome: "die" as const },
      failing: { every: 5, times: 2 },
      subscription: { batchSize: 40 },
    }));
    await dieOneAfterTheOther(trial(), places);
    await load.stop();
    expect(await countEffects(trial()), "effects among the deaths").toBeGreaterThan(30);
    await trial().host(reader("follower"));
    await expectAllOnceInOrder(trial(), host);
  });

  it("has each effect once when processes that record die at random, and at every step of the relay", async () => {
    const host = await trial().host(ledger);
    await trial().host(reader("follower"));
    const random = randomFrom(seed);
    for (let kills = 0; kills < 3; kills++) {
      const program = trial().program({ service: "ledger" });
      const before = await countEffects(trial());
      await until("its messages take effect", async () => (await countEffects(trial())) > before + 20);
      await pause(50 * random());
      await program.kill();
    }
    const places = (trial().harness.relaySteps ?? []).map((step) => ({
      service: "ledger" as const,
      at: { step, occurrence: 2, outcome: "die" as const },
    }));
    await dieOneAfterTheOther(trial(), places);
    await expectAllOnceInOrder(trial(), host);
  });
}

/** Some at a time: those that still wait for their step meanwhile do the work of the dead ones. */
async function dieOneAfterTheOther(trial: Trial, places: readonly Participation[]): Promise<void> {
  const left = [...places];
  const die = async () => {
    for (let place = left.shift(); place; place = left.shift()) {
      const program = trial.program(place);
      await until(`it dies at ${place.at?.step}`, () => !program.isRunning, { timeout: 15_000 });
      expect(await program.ended, program.output).toBe("SIGKILL");
      expect(program.output).toContain(place.at?.step);
    }
  };
  await Promise.all([die(), die(), die()]);
}
