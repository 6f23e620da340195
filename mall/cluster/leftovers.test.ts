import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endLeftovers } from "./leftovers.ts";
import { choosePorts } from "./ports.ts";
import { isAlive, noteOf, type ProcessNote, signalProcess } from "./process-identity.ts";
import type { ClusterState } from "./state.ts";
import { smallServer } from "./supervised-process.fixture.ts";

let directory: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mall-leftovers-"));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  rmSync(directory, { recursive: true, force: true });
});

/** A server that nobody supervises. */
async function leave(mood = ""): Promise<ProcessNote> {
  const { small = 0 } = await choosePorts(["small"]);
  const { plan } = smallServer(directory, small, mood);
  const child = spawn(plan.program, plan.args, { env: plan.env, stdio: "ignore" });
  started.push(child);
  await until("it answers", () => fetch(plan.healthUrl));
  const note = noteOf(child.pid);
  if (!note) throw new Error("The server is not there.");
  return note;
}

function stateWith(...processes: ProcessNote[]): ClusterState {
  const rest = {
    service: "small",
    kind: "service",
    port: 1,
    restarts: 0,
    state: "ready",
    since: undefined,
  } as const;
  const members = processes.map((process, at) => ({ name: `small-${at}`, process, ...rest }));
  return { supervisor: null, url: "", postgresPort: 0, ports: {}, members };
}

describe("What a killed supervisor has left behind", { timeout: 20_000 }, () => {
  it("is ended, paused or not", async () => {
    const [running, paused] = [await leave(), await leave()];
    signalProcess(paused, "SIGSTOP");
    expect(await endLeftovers(stateWith(running, paused), 60_000)).toBe(2);
    expect([running, paused].map(isAlive)).toEqual([false, false]);
  });

  it("is killed when it does not end in time", async () => {
    const deaf = await leave("deaf");
    expect(await endLeftovers(stateWith(deaf), 200)).toBe(1);
    expect(isAlive(deaf)).toBe(false);
  });

  it("does not include another process that has got the id of one which is gone", async () => {
    const other = await leave();
    expect(await endLeftovers(stateWith({ ...other, identity: "another boot/1" }), 200)).toBe(0);
    expect(isAlive(other)).toBe(true);
  });
});
