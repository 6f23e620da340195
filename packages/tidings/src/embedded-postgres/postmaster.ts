import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { EmbeddedPostgresError } from "./failure.ts";

/**
 * The process id of the PostgreSQL that serves the data directory, if one does. A process that merely got the id
 * of one which is gone does not count.
 */
export function runningPostmaster(data: string): number | undefined {
  const pid = recordedPid(data);
  if (!pid) return undefined;
  const command = commandOf(pid);
  return command.includes("postgres") && command.includes(data) ? pid : undefined;
}

/** How PostgreSQL stops: `fast` writes everything out first, `immediate` leaves that to the next start, as a crash does. */
export type StopMode = "fast" | "immediate";

/**
 * Stops the PostgreSQL that serves the data directory, if one does: open transactions are rolled back, everything
 * committed is kept. Afterwards no process and no trace of one stands in the way of a start.
 */
export async function stopPostmaster(data: string, mode: StopMode = "fast"): Promise<void> {
  const stopped =
    (mode === "fast" && (await signalAndWait(data, "SIGINT", 60_000))) ||
    (await signalAndWait(data, "SIGQUIT", 10_000));
  if (!stopped) throw new EmbeddedPostgresError(`PostgreSQL (process ${recordedPid(data)}) does not stop.`);
  removeForeignPid(data);
}

/**
 * PostgreSQL refuses to start when the process id it recorded lives, though it is another program's by now. The
 * record of a process that is gone stays: PostgreSQL uses it to make sure that none of its workers is left.
 */
function removeForeignPid(data: string): void {
  const pid = recordedPid(data);
  if (pid && commandOf(pid) !== "") rmSync(join(data, "postmaster.pid"));
}

/** Asks the PostgreSQL of this data directory to stop, and does not wait. */
export function signalPostmaster(data: string, signal: "SIGINT" | "SIGQUIT"): void {
  const pid = runningPostmaster(data);
  try {
    if (pid) process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function signalAndWait(data: string, signal: "SIGINT" | "SIGQUIT", timeout: number): Promise<boolean> {
  signalPostmaster(data, signal);
  for (const deadline = Date.now() + timeout; runningPostmaster(data); await pause(10)) {
    if (Date.now() > deadline) return false;
  }
  return true;
}

function recordedPid(data: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[0]);
    return pid > 0 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The command line of a living process, else "". (On Linux `/proc` is open to all, unlike a process's directory.) */
function commandOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return execFileSync("ps", ["-ww", "-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
}
