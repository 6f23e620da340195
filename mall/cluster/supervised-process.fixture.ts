import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MemberPlan } from "./member.ts";
import type { Supervision } from "./supervised-process.ts";

const program = fileURLToPath(new URL("./small-server.program.fixture.ts", import.meta.url));

/** A small server to be supervised, and what its supervisor said. */
export function smallServer(directory: string, port: number, mood = "") {
  const said: string[] = [];
  const plan: MemberPlan = {
    name: "small-1",
    service: "small",
    kind: "service",
    port,
    program: process.execPath,
    args: ["--conditions=source", program],
    env: { ...process.env, PORT: String(port), MOOD: mood },
    healthUrl: `http://127.0.0.1:${port}/readyz`,
    logFile: join(directory, "logs", "small-1.log"),
  };
  const supervision: Supervision = {
    log: (line) => said.push(line),
    changed: () => {},
    unresponsiveMs: 1_000,
    startTimeoutMs: 20_000,
    stopTimeoutMs: 5_000,
    pollMs: 50,
  };
  return { plan, supervision, said };
}
