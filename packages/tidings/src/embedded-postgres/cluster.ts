import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { EmbeddedPostgresError } from "./failure.ts";
import type { Place } from "./place.ts";
import { runningPostmaster } from "./postmaster.ts";
import { runProgram } from "./run-program.ts";

/** Time allowed for a start, which may have to replay the log after a crash. */
const startTimeout = 120_000;

export type StartOutcome =
  | { readonly started: true }
  | { readonly started: false; readonly reason: string; readonly log: string };

/**
 * Creates an empty database cluster whose superuser `postgres` has the password. It is built beside its place and
 * renamed when complete, so an interruption at any point leaves nothing that counts.
 */
export async function createCluster(place: Place, password: string, fsync: boolean): Promise<void> {
  const parent = dirname(place.data);
  const draft = join(parent, `new-${randomUUID()}`);
  const passwordFile = `${draft}.password`;
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (place.account) {
    for (const path of [draft, passwordFile]) chownSync(path, place.account.uid, place.account.gid);
  }
  const { code, output } = await runProgram(
    place.binaries.initdb,
    [
      ...["--pgdata", draft, "--username", "postgres", "--pwfile", passwordFile, "--auth", "scram-sha-256"],
      ...["--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin"],
      ...["--builtin-locale", "C.UTF-8", "--no-instructions", ...(fsync ? [] : ["--no-sync"])],
    ],
    place.account,
  );
  rmSync(passwordFile);
  if (code !== 0) {
    remove(draft);
    throw new EmbeddedPostgresError(`PostgreSQL could not create its data directory: ${lastLine(output)}.`);
  }
  renameSync(draft, place.data);
}

/**
 * Removes what an interrupted creation has left. An `initdb` whose parent was killed may still be writing while its
 * files go, and leave some behind: those go with the next start.
 */
export function removeDrafts(place: Place): void {
  const parent = dirname(place.data);
  for (const name of readdirSync(parent)) if (name.startsWith("new-")) remove(join(parent, name));
}

/** Starts PostgreSQL in a session of its own, and waits until it accepts connections or gives up. */
export async function startCluster(place: Place, settings: Record<string, string>): Promise<StartOutcome> {
  const logFile = join(dirname(place.data), "server.log");
  const log = openSync(logFile, "w", 0o600);
  const child = spawn(
    place.binaries.postgres,
    ["-D", place.data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    { ...place.account, cwd: "/", detached: true, stdio: ["ignore", log, log], env: { LC_ALL: "C" } },
  );
  closeSync(log);
  let ended = false;
  child.once("exit", () => {
    ended = true;
  });
  child.once("error", () => {
    ended = true;
  });
  child.unref();
  for (const deadline = Date.now() + startTimeout; Date.now() < deadline; await pause(10)) {
    if (isReady(place.data, child.pid)) return { started: true };
    if (ended) return { started: false, ...reasonIn(logFile) };
  }
  child.kill("SIGQUIT");
  return { started: false, reason: `it was not ready after ${startTimeout / 1000} seconds`, log: "" };
}

/** The eighth line of `postmaster.pid` is the server's status. */
function isReady(data: string, pid: number | undefined): boolean {
  if (pid === undefined || runningPostmaster(data) !== pid) return false;
  const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
  return lines[7]?.trim() === "ready";
}

function reasonIn(logFile: string): { reason: string; log: string } {
  const log = readFileSync(logFile, "utf8");
  const fatal = log.split("\n").findLast((line) => /FATAL|PANIC/.test(line));
  return { reason: fatal?.replace(/^.*(FATAL|PANIC): */, "") ?? lastLine(log), log };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.replace(/\.$/, "") || "it gave no reason";
}

/** An `initdb` whose starter was killed may still be writing there: it fails once its directory is gone. */
function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
}
