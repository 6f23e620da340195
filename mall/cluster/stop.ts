import { setTimeout as pause } from "node:timers/promises";
import { isAlive, signalProcess } from "./process-identity.ts";
import { readState, supervisorOf } from "./state.ts";

/** A stop in order takes this long at most: each layer 15 s, and PostgreSQL. */
const limitMs = 120_000;

/**
 * Ends the cluster that runs in the directory, in order, and waits until its supervisor is gone.
 * @returns `stopped`, `not-running`, or `still-running` after two minutes
 */
export async function stopCluster(directory: string): Promise<"stopped" | "not-running" | "still-running"> {
  const supervisor = supervisorOf(readState(directory));
  if (!supervisor) return "not-running";
  signalProcess(supervisor, "SIGTERM");
  for (const deadline = performance.now() + limitMs; isAlive(supervisor); await pause(50))
    if (performance.now() > deadline) return "still-running";
  return "stopped";
}
