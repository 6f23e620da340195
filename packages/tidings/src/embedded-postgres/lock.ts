import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** What `acquireLock` answers: either the lock, or the process that has it. */
export type LockAttempt =
  | { readonly acquired: true; release(): void }
  | { readonly acquired: false; readonly holder: number };

/**
 * Takes `<directory>/lock` for this process, or tells who has it. A lock whose process is gone counts for nothing,
 * also when its process id belongs to another process by now. Of several attempts at one moment exactly one succeeds.
 *
 * States of `lock`: absent or of a dead process → free; of a living process → held. It changes only under `lock.guard`,
 * which is created exclusively, kept for a few system calls, and removed by the next comer if its process was killed
 * within them.
 */
export async function acquireLock(directory: string): Promise<LockAttempt> {
  const lock = join(directory, "lock");
  const guard = join(directory, "lock.guard");
  while (!createExclusively(guard)) {
    removeIfDead(guard);
    await pause(2);
  }
  try {
    const holder = readProcess(lock);
    if (holder && isAlive(holder)) return { acquired: false, holder: holder.pid };
    replace(lock);
    return { acquired: true, release: () => removeIfOurs(lock) };
  } finally {
    rmSync(guard, { force: true });
  }
}

interface ProcessIdentity {
  readonly pid: number;
  /** Boot and start time where the system tells them (Linux), else empty. */
  readonly started: string;
}

/** Creates the file with our identity in it; false if there is one already. */
function createExclusively(file: string): boolean {
  const draft = writeDraft(file);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function replace(file: string): void {
  renameSync(writeDraft(file), file);
}

function writeDraft(file: string): string {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, `${process.pid}\n${startOf(process.pid) ?? ""}\n`, { mode: 0o644 });
  return draft;
}

function readProcess(file: string): ProcessIdentity | undefined {
  try {
    const [pid = "", started = ""] = readFileSync(file, "utf8").split("\n");
    return Number(pid) > 0 ? { pid: Number(pid), started } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function removeIfDead(file: string): void {
  const holder = readProcess(file);
  if (holder && !isAlive(holder)) rmSync(file, { force: true });
}

function removeIfOurs(file: string): void {
  const holder = readProcess(file);
  if (holder?.pid === process.pid && isAlive(holder)) rmSync(file, { force: true });
}

function isAlive({ pid, started }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return started === "" || startOf(pid) === started;
}

/** Tells two processes with one id apart; undefined for a process that has ended (zombies included). */
function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return "";
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}
