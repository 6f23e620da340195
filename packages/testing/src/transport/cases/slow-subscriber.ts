import { execFileSync } from "node:child_process";
import type { Host } from "tidings";
import { expect, it } from "vitest";
import { until } from "../../probe.ts";
import { countEffects } from "../effects.ts";
import { changeIn, ledger, reader } from "../ledger.ts";
import { changeAll, spreadKeys } from "../load.ts";
import type { Program } from "../program.ts";
import type { Trial } from "../trial.ts";

const backlog = 320 * spreadKeys.length;
const text = "x".repeat(5_000);
/** Enough for a process at work, and less than the backlog takes. */
const heapMegabytes = 64;
/** What the process may take altogether, of which an idle one takes 100. */
const processMegabytes = 320;

/** A subscription that is slow costs the others nothing, and its process little memory. */
export function slowSubscriber(trial: () => Trial): void {
  it("keeps the memory of a slow subscription's process bounded, and no other subscription waiting", async () => {
    const host = await trial().host(ledger);
    for (let recorded = 0; recorded < backlog; recorded += 10 * spreadKeys.length) await record(host);
    const program = trial().program({ service: "follower", handlerMs: 100, heapMegabytes });
    await trial().host(reader("auditor"));
    await until("it is ready", () => program.hasSaid("ready"));
    let most = 0;
    const others = [{ reader: "auditor" }, { by: "tally" }] as const;
    const whenOthersHave = async (count: number, timeout: number) => {
      const look = async () => {
        if (!program.isRunning) return true;
        most = Math.max(most, residentMegabytes(program));
        const counts = await Promise.all(others.map((other) => countEffects(trial(), other)));
        return counts.every((handled) => handled >= count);
      };
      await until(`other subscriptions have handled ${count}`, look, { timeout, interval: 50 });
      expect(program.isRunning, program.output).toBe(true);
    };
    await whenOthersHave(backlog, 40_000);
    await changeAll(host, spreadKeys);
    await whenOthersHave(backlog + spreadKeys.length, 3_000);
    expect(await countEffects(trial(), { by: "program" }), "effects of the slow one").toBeLessThan(
      backlog / 2,
    );
    expect(most, "megabytes that its process took").toBeLessThan(processMegabytes);
  });
}

async function record(host: Host): Promise<void> {
  await host.transaction("ledger", async (tx) => {
    for (let round = 0; round < 10; round++)
      await Promise.all(spreadKeys.map((key) => changeIn(tx, key, text)));
  });
}

function residentMegabytes(program: Program): number {
  return Number(execFileSync("ps", ["-o", "rss=", "-p", String(program.pid)])) / 1_024;
}
