import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { isAlive } from "./process-identity.ts";
import { type ClusterState, type MemberNote, readState, supervisorOf } from "./state.ts";

/** What `--status` tells, and with which exit code. */
export interface ClusterStatus {
  readonly text: string;
  /** 0 when everything is ready, 1 when something is not, 3 when nothing runs. */
  readonly exitCode: 0 | 1 | 3;
}

export function clusterStatus(directory: string, now = Date.now()): ClusterStatus {
  const state = readState(directory);
  const supervisor = supervisorOf(state);
  if (!state || !supervisor) return { text: `No cluster runs in ${directory}.`, exitCode: 3 };
  const isReady = state.members.every((member) => member.state === "ready");
  const head = `The Mall runs at ${state.url} (process ${supervisor.pid}, PostgreSQL at port ${state.postgresPort}).`;
  return { text: `${head}\n\n${tableOf(state, now)}`, exitCode: isReady ? 0 : 1 };
}

function tableOf({ members }: ClusterState, now: number): string {
  const rows = [columns, ...members.map((member) => rowOf(member, now))];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const cell = (text: string, at: number) =>
    at < 2 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0);
  return rows.map((row) => row.map(cell).join("  ").trimEnd()).join("\n");
}

const columns = ["name", "state", "pid", "port", "restarts", "uptime", "memory"] as const;

function rowOf(member: MemberNote, now: number): string[] {
  const { name, state, port, restarts, since, process } = member;
  const isThere = process !== null && isAlive(process);
  return [
    name,
    state,
    isThere ? String(process.pid) : "-",
    String(port),
    String(restarts),
    isThere && since ? durationText(now - Date.parse(since)) : "-",
    isThere ? memoryOf(process.pid) : "-",
  ];
}

/** `42 s`, `12 min 30 s`, `3 h 5 min`. */
export function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}

function memoryOf(pid: number): string {
  try {
    return `${Math.round(residentKilobytes(pid) / 1_024)} MB`;
  } catch {
    return "-";
  }
}

function residentKilobytes(pid: number): number {
  if (process.platform !== "linux")
    return Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" }));
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
