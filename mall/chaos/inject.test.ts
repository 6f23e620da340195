import type { Member, MemberState } from "@mall/cluster";
import { beforeEach, describe, expect, it } from "vitest";
import type { Fault } from "./fault-kinds.ts";
import { inject } from "./inject.ts";

let deeds: string[];
let states: Record<string, MemberState>;
beforeEach(() => {
  deeds = [];
  states = { "search-1": "ready", "nats-1": "ready", "nats-2": "ready" };
});

function member(name: string): Member {
  return {
    name,
    service: name,
    kind: name.startsWith("nats") ? "nats" : "service",
    port: 1,
    pid: 1,
    restarts: 0,
    get state() {
      return states[name] ?? "stopped";
    },
    kill: (signal) => void deeds.push(`${signal} ${name}`),
  };
}

function hit(fault: Partial<Fault>, signal = new AbortController().signal) {
  const cluster = {
    members: ["search-1", "nats-1", "nats-2"].map(member),
    restartPostgres: async (mode: string) => void deeds.push(`restart ${mode}`),
  };
  const wires = {
    cut: async (client: string, kind: string) => {
      deeds.push(`cut ${client} ${kind}`);
      return () => void deeds.push("mend");
    },
  };
  const whole: Fault = { number: 1, kind: "kill", target: "search-1", lastsMs: 0, afterMs: 0, ...fault };
  return inject(whole, { cluster, wires, signal, readyMs: 100 });
}

describe("A fault", () => {
  it.each<[Partial<Fault>, string[]]>([
    [{ kind: "kill" }, ["SIGKILL search-1"]],
    [{ kind: "nats", target: "nats-2" }, ["SIGKILL nats-2"]],
    [{ kind: "postgres", target: "postgres" }, ["restart immediate"]],
    [{ kind: "pause", lastsMs: 30 }, ["SIGSTOP search-1", "SIGCONT search-1"]],
    [{ kind: "cut", from: "nats", lastsMs: 30 }, ["cut search-1 nats", "mend"]],
  ])("%j is done, and over when it resolves", async (fault, expected) => {
    const { began, ended } = await hit(fault);
    expect(deeds).toEqual(expected);
    expect(ended - began).toBeGreaterThanOrEqual((fault.lastsMs ?? 0) - 2);
  });

  it("waits until its target has recovered", async () => {
    states["search-1"] = "starting";
    const hitting = hit({ kind: "kill" });
    setTimeout(() => {
      states["search-1"] = "ready";
      deeds.push("ready");
    }, 20);
    await hitting;
    expect(deeds).toEqual(["ready", "SIGKILL search-1"]);
  });

  it("hits a node of the broker only when all of them are ready", async () => {
    states["nats-1"] = "unready";
    await expect(hit({ kind: "nats", target: "nats-2" })).rejects.toThrow(
      "nats-1 (unready) did not become ready in 0.1 s.",
    );
    expect(deeds).toEqual([]);
  });

  it("is put an end to when all is to end: nothing stays paused", async () => {
    const ending = new AbortController();
    const hitting = hit({ kind: "pause", lastsMs: 60_000 }, ending.signal);
    setTimeout(() => ending.abort(), 10);
    await hitting;
    expect(deeds).toEqual(["SIGSTOP search-1", "SIGCONT search-1"]);
  });
});
