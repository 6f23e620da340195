import { setTimeout as pause } from "node:timers/promises";
import { isAlive, type ProcessNote, signalProcess } from "./process-identity.ts";
import type { ClusterState } from "./state.ts";

/**
 * Ends what a supervisor has left behind that was killed: services end by themselves, unless they are stopped or hang;
 * nodes of the broker do not.
 *
 * @returns how many processes were there
 */
export async function endLeftovers({ members }: ClusterState, graceMs: number): Promise<number> {
  const left = members.flatMap(({ process }) => (process && isAlive(process) ? [process] : []));
  for (const one of left) {
    signalProcess(one, "SIGTERM");
    signalProcess(one, "SIGCONT");
  }
  if (!(await haveEnded(left, graceMs))) {
    for (const one of left) signalProcess(one, "SIGKILL");
    await haveEnded(left, graceMs);
  }
  return left.length;
}

async function haveEnded(processes: readonly ProcessNote[], withinMs: number): Promise<boolean> {
  for (const deadline = performance.now() + withinMs; processes.some(isAlive); await pause(50))
    if (performance.now() > deadline) return false;
  return true;
}
