import { type ChildProcess, fork } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "@tidings/testing";
import { describe, expect, it, onTestFinished } from "vitest";

const services = "stores customers baskets ordering payments depot checkout notifications search".split(" ");

/** Where nobody is. */
const upstreams = Object.fromEntries(
  services.map((name) => [`UPSTREAM_${name.toUpperCase()}`, "http://127.0.0.1:9"]),
);

interface Started {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly exit: Promise<{ readonly code: number | null; readonly said: string }>;
}

/** Starts the program with a channel to this process, on any free port. */
function start(settings: Readonly<Record<string, string>> = {}): Started {
  const child = fork(join(import.meta.dirname, "gateway.ts"), {
    env: { PATH: process.env.PATH, PORT: "0", LOG_LEVEL: "silent", ...upstreams, ...settings },
    execArgv: ["--conditions=source"],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (output += chunk));
  const exit = new Promise<{ code: number | null; said: string }>((done) =>
    child.once("close", (code) => done({ code, said: output.trim() })),
  );
  return { process: child, output: () => output, exit };
}

async function whenReady({ output }: Started): Promise<string> {
  const pattern = /^The gateway is ready at (http:\S+)\.\n$/;
  const [, url = ""] = await until("the gateway is ready", () => pattern.exec(output()), { timeout: 20_000 });
  return url;
}

describe("the program", { timeout: 30_000 }, () => {
  it("serves what is its own without any service, shows the processor, and ends on SIGTERM", async () => {
    const gateway = start({ UPSTREAM_PROCESSOR: "http://127.0.0.1:9" });
    const url = await whenReady(gateway);
    const statuses = ["/", "/livez", "/problems", "/api/docs", "/readyz"].map(
      async (path) => (await fetch(url + path)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 200, 200, 503]);
    expect((await fetch(`${url}/processor/ledger`, { method: "PUT" })).status).toBe(405);
    gateway.process.kill("SIGTERM");
    expect((await gateway.exit).code).toBe(0);
  });

  it("outside demo mode needs no key for tokens, has no processor, and ends with its parent's channel", async () => {
    const gateway = start({ MALL_DEMO: "0", HOST: "0.0.0.0", UPSTREAM_PROCESSOR: "http://127.0.0.1:9" });
    const url = (await whenReady(gateway)).replace("0.0.0.0", "127.0.0.1");
    expect((await fetch(`${url}/processor/ledger`, { method: "PUT" })).status).toBe(404);
    gateway.process.disconnect();
    await until("it has ended", () => gateway.process.exitCode === 0);
  });

  it("ends at once on a second signal", async () => {
    const gateway = start({ NOTICE_MS: "60000" });
    const url = await whenReady(gateway);
    gateway.process.kill("SIGTERM");
    await until("it is ending", async () => {
      const { status } = (await (await fetch(`${url}/readyz`)).json()) as { status: string };
      return status === "draining";
    });
    await until("another signal ends it", () => {
      gateway.process.kill("SIGTERM");
      return gateway.process.exitCode === 143;
    });
  });

  it("says all that is wrong with its settings at once", async () => {
    const settings = {
      UPSTREAM_STORES: "",
      UPSTREAM_DEPOT: "ftp://depot",
      PORT: "80a",
      HOST: "0.0.0.0",
      TRUST_FORWARDED: "yes",
      NOTICE_MS: "soon",
      LIVE_TICKET_KEY: "short",
    };
    const { code, said } = await start(settings).exit;
    expect([code, said.split("\n").length]).toEqual([1, 7]);
    for (const name of Object.keys(settings)) expect(said).toContain(name);
    expect(said).not.toContain("short");
  });

  it("says in one sentence that its port is taken", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    onTestFinished(() => {
      server.close();
    });
    const { port } = server.address() as { port: number };
    expect(await start({ PORT: String(port) }).exit).toEqual({
      code: 1,
      said: `The address 127.0.0.1:${port} is in use: stop the program that listens there, or set PORT to another port.`,
    });
  });
});
