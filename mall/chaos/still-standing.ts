import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { Member } from "@mall/cluster";
import type { Fault } from "./fault-kinds.ts";
import type { Violation } from "./outcome.ts";

const readyWithinMs = 30_000;
const lookEveryMs = 200;

/** The members that do not become ready within half a minute. */
export async function findUnready(
  members: readonly Member[],
  withinMs = readyWithinMs,
): Promise<Violation[]> {
  for (const deadline = performance.now() + withinMs; ; await pause(lookEveryMs)) {
    const unready = members.filter(({ state }) => state !== "ready");
    if (unready.length === 0) return [];
    if (performance.now() < deadline) continue;
    const examples = unready.map(({ name, state }) => `${name} is ${state}, see logs/${name}.log`);
    return [{ what: "A process is stuck", examples }];
  }
}

/** Processes that were started again more often than they were killed: they have ended by themselves, or hung. */
export function findCrashed(
  members: readonly Pick<Member, "name" | "restarts">[],
  faults: readonly Fault[],
): Violation[] {
  const killsOf = (name: string) =>
    faults.filter(({ kind, target }) => target === name && (kind === "kill" || kind === "nats")).length;
  const examples = members
    .filter(({ name, restarts }) => restarts > killsOf(name))
    .map(
      ({ name, restarts }) =>
        `${name} was started again ${restarts} times, but killed ${killsOf(name)} times, see logs/${name}.log`,
    );
  return examples.length === 0
    ? []
    : [{ what: "A process has ended by itself, or did not answer", examples }];
}

const watchedMs = 5_000;
const idleShare = 0.25;
/** Of a second of the processor, as Linux counts. */
const ticksPerSecond = 100;

/** Processes that use more than a quarter of a processor although there is nothing to do. Only Linux tells of it. */
export async function findBusy(members: readonly Member[], forMs = watchedMs): Promise<Violation[]> {
  const before = await Promise.all(members.map(({ pid }) => ticksOf(pid)));
  const since = performance.now();
  await pause(forMs);
  const after = await Promise.all(members.map(({ pid }) => ticksOf(pid)));
  const seconds = (performance.now() - since) / 1_000;
  const examples = members.flatMap(({ name }, at) => {
    const share = ((after[at] ?? 0) - (before[at] ?? 0)) / ticksPerSecond / seconds;
    return share > idleShare ? [`${name} uses ${Math.round(share * 100)} % of a processor`] : [];
  });
  return examples.length === 0 ? [] : [{ what: "A process is busy although all is quiet", examples }];
}

/** User and system time so far; undefined where nobody tells. */
async function ticksOf(pid: number | undefined): Promise<number | undefined> {
  if (pid === undefined) return undefined;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields && Number(fields[11]) + Number(fields[12]);
}
