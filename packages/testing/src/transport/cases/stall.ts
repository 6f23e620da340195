import { it } from "vitest";
import { until } from "../../probe.ts";
import { countEffects, effectTime, expectAllOnceInOrder, whenAllGoOn } from "../effects.ts";
import { ledger, reader } from "../ledger.ts";
import { Load } from "../load.ts";
import type { Program } from "../program.ts";
import type { Trial } from "../trial.ts";

/** A process that does not move any more, in the middle of a batch, loses its work to another one for good. */
export function stall(trial: () => Trial): void {
  it("goes on within 10 seconds when processes stall, whose batches have no effect when they wake up", async () => {
    const host = await trial().host(ledger);
    const load = new Load(host);
    const follower = trial().program({ service: "follower", at: stopAt("handled") });
    const relay = startRelay(trial());
    await until("the reader stops in the middle of a batch", () => follower.hasSaid("handled"));
    await relay?.stopped();
    await trial().host(reader("follower", { by: "heir" }));
    await whenAllGoOn(trial(), await effectTime(trial()), 10_000);
    const before = await countEffects(trial(), { by: "program" });
    follower.wake();
    await relay?.wakeAndKill();
    await until("the reader works again", async () => {
      return (await countEffects(trial(), { by: "program" })) > before + 20;
    });
    await load.stop();
    await expectAllOnceInOrder(trial(), host);
  });
}

function stopAt(step: string) {
  return { step, occurrence: 10, outcome: "stop" } as const;
}

/** A process that stops at the first step of the relay; undefined where there is no relay. */
function startRelay(trial: Trial) {
  const [step] = trial.harness.relaySteps ?? [];
  if (step === undefined) return undefined;
  const program: Program = trial.program({ service: "ledger", at: stopAt(step) });
  const changes = async (): Promise<number> => {
    const { rows } = await trial
      .database("ledger")
      .query("select coalesce(sum(version), 0)::int as sum from ledger.accounts where key like 'program-%'");
    return rows[0].sum;
  };
  return {
    stopped: () => until("the relay stops in the middle of a batch", () => program.hasSaid(step)),
    async wakeAndKill() {
      const before = await changes();
      program.wake();
      await until("the process of the relay records again", async () => (await changes()) > before + 20);
      await program.kill();
    },
  };
}
