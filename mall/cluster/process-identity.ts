import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * When a process was started, in a form that tells it from any other that gets its id later; undefined for one that is
 * not there, or that has ended and waits for its parent to notice.
 */
export function identityOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") return linuxIdentity(pid);
    const stdio: ("ignore" | "pipe")[] = ["ignore", "pipe", "ignore"];
    const options = { encoding: "utf8", stdio } as const;
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], options).trim() || undefined;
  } catch {
    return undefined;
  }
}

function linuxIdentity(pid: number): string | undefined {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : `${boot}/${fields[19]}`;
}

/** A process that was noted down. */
export interface ProcessNote {
  readonly pid: number;
  readonly identity: string;
}

/** @returns the note of a process, if it is there */
export function noteOf(pid: number | undefined): ProcessNote | null {
  const identity = pid === undefined ? undefined : identityOf(pid);
  return pid === undefined || identity === undefined ? null : { pid, identity };
}

/** Whether the very process that was noted down is still there. */
export function isAlive({ pid, identity }: ProcessNote): boolean {
  return identityOf(pid) === identity;
}

/** Sends a signal, unless the process is gone by now. */
export function signalProcess(note: ProcessNote, signal: NodeJS.Signals): void {
  if (!isAlive(note)) return;
  try {
    process.kill(note.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
