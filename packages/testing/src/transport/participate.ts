import { writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { Host, type Service } from "tidings";
import { type ChangedEvent, changeIn, ledger, reader, tally } from "./ledger.ts";
import { type Participation, participationVariable } from "./participation.ts";
import { pause } from "./random.ts";
import type { TransportPlace } from "./transport-harness.ts";

/**
 * Takes part in the suite of {@link describeTransport} as the process of one service, until it is killed. It ends when
 * the process that started it is gone.
 *
 * @param placeOf finds the place of the service in this process's environment
 * @throws Error when the program was not started by the suite
 */
export async function participate(placeOf: (service: string) => TransportPlace): Promise<void> {
  const text = process.env[participationVariable];
  if (!text)
    throw new Error(`${participationVariable} is not set: this program is started by describeTransport.`);
  const participation = JSON.parse(text) as Participation;
  process.stdin.on("end", () => process.exit()).resume();
  const host = await Host.start([serviceOf(participation)], {
    ...placeOf(participation.service),
    log,
    probe: probeOf(participation),
  });
  flushCompileCache();
  writeSync(1, "ready\n");
  if (participation.service === "ledger")
    await Promise.all(["a", "b", "c", "d"].map((name) => changeForEver(host, `program-${name}`)));
}

function serviceOf({ service, failing, handlerMs, subscription = {} }: Participation): Service {
  if (service === "ledger") return ledger;
  const met = new Map<string, number>();
  const fail = ({ id, data }: ChangedEvent) => {
    if (!failing || data.version % failing.every !== 0) return;
    const meetings = (met.get(id) ?? 0) + 1;
    met.set(id, meetings);
    if (meetings <= failing.times) throw new Error("It fails the first times.");
  };
  return reader("follower", {
    by: "program",
    subscription,
    ...(handlerMs !== undefined && { before: () => pause(handlerMs), projects: [tally] }),
    after: fail,
  });
}

/** What it says before it stops itself is written at once: nothing more is until it is woken. */
function probeOf({ at }: Participation): (step: string) => void {
  let occurrences = 0;
  return (reached) => {
    if (reached !== at?.step || ++occurrences !== at.occurrence) return;
    writeSync(1, `${at.step}\n`);
    process.kill(process.pid, at.outcome === "die" ? "SIGKILL" : "SIGSTOP");
  };
}

/** A process that has stalled finds its transactions rolled back, and makes them again. */
async function changeForEver(host: Host, key: string): Promise<never> {
  for (;;) await host.transaction("ledger", (tx) => changeIn(tx, key)).catch(() => pause(20));
}

/** Errors go to the test that started it. */
const log = {
  info: () => {},
  warn: () => {},
  error: (fields: object, message: string) => console.error(message, fields),
};
