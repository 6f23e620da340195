import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noteOf } from "./process-identity.ts";
import { type ClusterState, type MemberNote, readState, supervisorOf, writeState } from "./state.ts";
import { clusterStatus, durationText } from "./status.ts";
import { stopCluster } from "./stop.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mall-state-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const ourselves = noteOf(process.pid);
/** Somebody who had our process id before us. */
const gone = { pid: process.pid, identity: "another boot/1" };

const member: MemberNote = {
  name: "ordering-1",
  service: "ordering",
  kind: "service",
  port: 21_001,
  process: ourselves,
  restarts: 2,
  state: "ready",
  since: "2026-01-01T00:00:00.000Z",
};
const state: ClusterState = {
  supervisor: ourselves,
  url: "http://127.0.0.1:8080",
  postgresPort: 21_000,
  ports: { postgres: 21_000, "ordering-1": 21_001 },
  members: [member],
};

describe("The state of a cluster", () => {
  it("is read as it was written, for the owner's eyes alone, and leaves no other file behind", () => {
    expect(readState(directory)).toBeUndefined();
    writeState(directory, { ...state, members: [] });
    writeState(directory, state);
    expect(readState(directory)).toEqual(state);
    expect(readdirSync(directory)).toEqual(["state.json"]);
    expect(statSync(join(directory, "state.json")).mode & 0o777).toBe(0o600);
  });

  it("names a supervisor only while it lives; another process with its id is none", () => {
    expect(supervisorOf(state)).toEqual(ourselves);
    expect(
      [undefined, { ...state, supervisor: null }, { ...state, supervisor: gone }].map(supervisorOf),
    ).toEqual([undefined, undefined, undefined]);
  });

  it("that is broken is told in one sentence", () => {
    writeFileSync(join(directory, "state.json"), "{");
    expect(() => readState(directory)).toThrow(/state\.json cannot be read; stop what still runs there/);
  });
});

describe("--status", () => {
  it("says that nothing runs, with exit code 3, before a start and after the supervisor has died", () => {
    const nothing = { text: `No cluster runs in ${directory}.`, exitCode: 3 };
    expect(clusterStatus(directory)).toEqual(nothing);
    writeState(directory, { ...state, supervisor: gone });
    expect(clusterStatus(directory)).toEqual(nothing);
  });

  it("prints a table with exit code 0 when everything is ready", () => {
    writeState(directory, state);
    const { text, exitCode } = clusterStatus(directory, Date.parse("2026-01-01T01:02:03Z"));
    expect(exitCode).toBe(0);
    const [head, , columns, row] = text.split("\n");
    expect(head).toBe(
      `The Mall runs at http://127.0.0.1:8080 (process ${process.pid}, PostgreSQL at port 21000).`,
    );
    expect(columns?.split(/ {2,}/)).toEqual(["name", "state", "pid", "port", "restarts", "uptime", "memory"]);
    expect(row?.split(/ {2,}/)).toEqual([
      ...["ordering-1", "ready", String(process.pid), "21001", "2", "1 h 2 min"],
      expect.stringMatching(/^\d+ MB$/),
    ]);
  });

  it("has exit code 1 when something is not ready, and shows a process that is gone without an id", () => {
    writeState(directory, { ...state, members: [member, { ...member, state: "unready", process: gone }] });
    const { text, exitCode } = clusterStatus(directory);
    expect(exitCode).toBe(1);
    expect(text.split("\n").at(-1)?.split(/ {2,}/)).toEqual([
      ...["ordering-1", "unready", "-", "21001", "2", "-", "-"],
    ]);
  });

  it.each([
    [0, "0 s"],
    [59_999, "59 s"],
    [750_000, "12 min 30 s"],
    [11_100_000, "3 h 5 min"],
  ])("shows %d ms as %s", (milliseconds, text) => {
    expect(durationText(milliseconds)).toBe(text);
  });
});

it("--stop says that nothing runs, when the supervisor is not there", async () => {
  writeState(directory, { ...state, supervisor: gone });
  expect(await stopCluster(directory)).toBe("not-running");
});
