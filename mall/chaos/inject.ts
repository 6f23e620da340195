import { setTimeout as pause } from "node:timers/promises";
import type { Cluster, Member } from "@mall/cluster";
import type { Fault } from "./fault-kinds.ts";
import type { Wires } from "./wires.ts";

/** The cluster, as far as faults need it. */
export type Victim = Pick<Cluster, "members" | "restartPostgres">;

export interface InjectOptions {
  readonly cluster: Victim;
  readonly wires: Pick<Wires, "cut">;
  readonly signal: AbortSignal;
  /** How long whoever is to be hit may take to recover from what was before. */
  readonly readyMs?: number;
}

/** When a fault began and ended, on the clock of `performance.now()`. */
export interface Injected {
  readonly began: number;
  readonly ended: number;
}

/**
 * Waits until the target is ready, all nodes of the broker if it is one, and does it to it. Resolves when it is over:
 * what was killed or stopped is being started again, a paused process goes on, a cut wire is mended.
 * @throws Error when the target is not ready in time
 */
export async function inject(fault: Fault, options: InjectOptions): Promise<Injected> {
  await untilReady(fault, options);
  const began = performance.now();
  await strike(fault, options);
  return { began, ended: performance.now() };
}

async function strike({ kind, target, from = "postgres", lastsMs }: Fault, options: InjectOptions) {
  const { cluster, wires, signal } = options;
  switch (kind) {
    case "kill":
    case "nats":
      return memberOf(cluster, target).kill("SIGKILL");
    case "postgres":
      return cluster.restartPostgres("immediate");
    case "pause": {
      const member = memberOf(cluster, target);
      member.kill("SIGSTOP");
      return waiting(lastsMs, signal).finally(() => member.kill("SIGCONT"));
    }
    case "cut": {
      const mend = await wires.cut(target, from);
      return waiting(lastsMs, signal).finally(mend);
    }
  }
}

/** Ends early, and without an error, when all is to end. */
async function waiting(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, { signal }).catch(() => {});
}

const usualReadyMs = 30_000;
const lookEveryMs = 50;

async function untilReady(
  { kind, target }: Fault,
  { cluster, signal, readyMs = usualReadyMs }: InjectOptions,
) {
  const needed = () =>
    cluster.members.filter((member) => (kind === "nats" ? member.kind === "nats" : member.name === target));
  for (const deadline = performance.now() + readyMs; ; ) {
    const unready = needed().filter(({ state }) => state !== "ready");
    if (unready.length === 0) return;
    if (performance.now() > deadline) {
      const names = unready.map(({ name, state }) => `${name} (${state})`).join(", ");
      throw new Error(`${names} did not become ready in ${readyMs / 1_000} s.`);
    }
    await pause(lookEveryMs, undefined, { signal });
  }
}

function memberOf({ members }: Victim, name: string): Member {
  const member = members.find((one) => one.name === name);
  if (!member) throw new Error(`The cluster has no member ${name}.`);
  return member;
}
