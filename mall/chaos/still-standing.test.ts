import { spawn } from "node:child_process";
import type { Member } from "@mall/cluster";
import { describe, expect, it } from "vitest";
import type { Fault } from "./fault-kinds.ts";
import { findBusy, findCrashed, findUnready } from "./still-standing.ts";

function member(given: Partial<Member>): Member {
  const usual = {
    name: "search-1",
    service: "search",
    kind: "service",
    port: 1,
    restarts: 0,
    state: "ready",
  } as const;
  return { ...usual, pid: undefined, kill: () => {}, ...given };
}

function fault(kind: Fault["kind"], target: string): Fault {
  return { number: 1, kind, target, lastsMs: 0, afterMs: 0 };
}

describe("After the faults", () => {
  it("everybody is ready, or is named", async () => {
    expect(await findUnready([member({})], 0)).toEqual([]);
    expect(await findUnready([member({ state: "starting" })], 0)).toEqual([
      { what: "A process is stuck", examples: ["search-1 is starting, see logs/search-1.log"] },
    ]);
  });

  it("nobody was started again who had not been killed", () => {
    const faults = [fault("kill", "search-1"), fault("pause", "search-1"), fault("nats", "nats-1")];
    const members = [
      { name: "search-1", restarts: 1 },
      { name: "nats-1", restarts: 1 },
      { name: "bots", restarts: 0 },
    ];
    expect(findCrashed(members, faults)).toEqual([]);
    expect(findCrashed([{ name: "search-1", restarts: 2 }], faults)).toEqual([
      {
        what: "A process has ended by itself, or did not answer",
        examples: ["search-1 was started again 2 times, but killed 1 times, see logs/search-1.log"],
      },
    ]);
  });

  it.runIf(process.platform === "linux")("a process that works on nothing is found", async () => {
    const self = member({ name: "this one", pid: process.pid });
    const idler = spawn("sleep", ["60"]);
    expect(await findBusy([member({ pid: idler.pid })], 200)).toEqual([]);
    idler.kill();
    const busy = findBusy([self], 200);
    const spin = setInterval(() => {
      for (const until = performance.now() + 20; performance.now() < until; );
    });
    expect((await busy)[0]?.examples[0]).toMatch(/^this one uses \d+ % of a processor$/);
    clearInterval(spin);
  });
});
