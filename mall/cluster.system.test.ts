import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { until } from "@tidings/testing";
import { afterAll, describe, expect, it } from "vitest";
import { servedNames } from "./serve-arguments.ts";

const directory = mkdtempSync(join(tmpdir(), "mall-cluster-"));
chmodSync(directory, 0o755);
const running = new Set<Started>();

afterAll(async () => {
  for (const cluster of running) {
    cluster.process.kill("SIGTERM");
    await cluster.exit;
  }
  for (const pid of [...pidsOf(), ...postgresPids()].filter(isAlive)) process.kill(pid, "SIGKILL");
  rmSync(directory, { recursive: true, force: true });
}, 120_000);

interface Started {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<{ code: number | null; said: string }>;
}

/** Runs the program of `npm run mall:cluster`, with data of its own. */
function cluster(...args: string[]): Started {
  const child = spawn(
    process.execPath,
    ["--conditions=source", resolve(import.meta.dirname, "cluster.ts"), "--directory", directory, ...args],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const started: Started = {
    process: child,
    output: () => output,
    exit: new Promise((done) =>
      child.once("close", (code) => {
        running.delete(started);
        done({ code, said: output.trim() });
      }),
    ),
  };
  running.add(started);
  return started;
}

interface State {
  readonly supervisor: { readonly pid: number };
  readonly members: readonly {
    readonly name: string;
    readonly service: string;
    readonly kind: string;
    readonly state: string;
    readonly restarts: number;
    readonly process: { readonly pid: number } | null;
  }[];
}

function state(): State {
  return JSON.parse(readFileSync(join(directory, "state.json"), "utf8"));
}

/** The processes of the members, as far as there are any. */
function pidsOf(kind?: string): number[] {
  const members = state().members.filter((member) => kind === undefined || member.kind === kind);
  return members.flatMap(({ process }) => (process ? [process.pid] : []));
}

function postgresPids(): number[] {
  const file = join(directory, "postgres/data/postmaster.pid");
  return existsSync(file) ? [Number(readFileSync(file, "utf8").split("\n")[0])] : [];
}

function member(name: string): State["members"][number] {
  const found = state().members.find((one) => one.name === name);
  if (!found) throw new Error(`There is no ${name}.`);
  return found;
}

/** Whether the process is there, other than as an entry that its parent has not taken notice of. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** The line that places an order, once the Mall is open. */
async function whenOpen(started: Started) {
  const pattern = /curl -s (\S+) -H 'content-type: application\/json' -d '(.+)'/;
  const [, address = "", body = ""] = await until("the Mall is open", () => pattern.exec(started.output()), {
    timeout: 120_000,
    interval: 50,
  });
  return { url: new URL(address).origin, address, body };
}

function whenCollected(origin: string, orderId: string) {
  const look = async () => {
    const answer = await fetch(`${origin}/api/orders/${orderId}`);
    return ((await answer.json()) as { status: string }).status === "ready";
  };
  return until("the bots have collected the order", look, { timeout: 60_000, interval: 100 });
}

describe("npm run mall:cluster", { timeout: 180_000 }, () => {
  let first: Started;
  let orderId: string;

  it("opens a Mall of separate processes, whose services and bots carry an order out", async () => {
    first = cluster("--port", "0", "--bots", "2");
    const { url, address, body } = await whenOpen(first);
    const served = new Set(state().members.map(({ service }) => service));
    expect(served).toEqual(new Set([...servedNames, "gateway", "nats"]));
    const headers = { "content-type": "application/json" };
    const placed = await fetch(address, { method: "POST", headers, body });
    orderId = ((await placed.json()) as { metadata: { orderId: string } }).metadata.orderId;
    await whenCollected(url, orderId);
  });

  it("shows its processes with --status, and tells a second start who runs there", async () => {
    expect(await cluster("--status").exit).toMatchObject({
      code: 0,
      said: expect.stringMatching(/^ordering-2 +ready +\d+ /m),
    });
    expect(await cluster("--port", "0").exit).toEqual({
      code: 1,
      said: expect.stringMatching(/^The Mall runs in .+ already \(process \d+, http.+\); stop it with .+\.$/),
    });
  });

  it("starts again what dies: a service, and a node of the broker", async () => {
    const killed = ["customers-1", "nats-2"];
    for (const name of killed) process.kill(member(name).process?.pid ?? Number.NaN, "SIGKILL");
    const areBack = () => killed.map(member).every((one) => one.restarts === 1 && one.state === "ready");
    await until("they are ready again", areBack, { timeout: 30_000, interval: 50 });
  });

  it("ends its services when its supervisor is killed, and goes on with its data at the next start", async () => {
    const [all, nodes] = [pidsOf(), pidsOf("nats")];
    process.kill(state().supervisor.pid, "SIGKILL");
    expect((await first.exit).code, "it was killed").toBeNull();
    const haveEnded = () => all.every((pid) => nodes.includes(pid) || !isAlive(pid));
    await until("the services have ended by themselves", haveEnded, { timeout: 30_000 });
    const second = cluster("--port", "0", "--bots", "0");
    await whenCollected((await whenOpen(second)).url, orderId);
    expect(all.filter(isAlive)).toEqual([]);
  });

  it("ends everything in order with --stop, and leaves no process behind", async () => {
    const [second] = running;
    const pids = [...pidsOf(), ...postgresPids(), state().supervisor.pid];
    expect(pids).toHaveLength(19);
    expect(await cluster("--stop").exit).toEqual({ code: 0, said: "The Mall is closed." });
    expect((await second?.exit)?.code).toBe(0);
    expect(second?.output()).toMatch(/■ the gateway\n■ the services\n■ NATS\n■ PostgreSQL\n$/);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await cluster("--status").exit).toMatchObject({ code: 3 });
  });
});
