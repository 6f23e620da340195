import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@tidings/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { choosePorts } from "./ports.ts";
import { identityOf } from "./process-identity.ts";
import { smallServer } from "./supervised-process.fixture.ts";
import { SupervisedProcess, type Supervision } from "./supervised-process.ts";

let directory: string;
let port: number;
let running: SupervisedProcess | undefined;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "mall-supervised-"));
  port = (await choosePorts(["small-1"]))["small-1"] ?? 0;
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  rmSync(directory, { recursive: true, force: true });
});

function supervise(mood = "", more: Partial<Supervision> = {}) {
  const { plan, supervision, said } = smallServer(directory, port, mood);
  running = new SupervisedProcess(plan, { ...supervision, ...more });
  return { server: running, said };
}

const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);

/** The process id of another process than before that is ready. */
function whenReadyAgain(server: SupervisedProcess, before: number | undefined) {
  return until("it is ready again", () => server.state === "ready" && server.pid !== before && server.pid);
}

describe("A supervised process", { timeout: 30_000 }, () => {
  it("is started again when it is killed, as often as that happens, and each time is counted and told", async () => {
    const { server, said } = supervise();
    await server.start();
    const first = server.pid;
    server.kill("SIGKILL");
    const second = await whenReadyAgain(server, first);
    await ask("/crash");
    await whenReadyAgain(server, second);
    expect(server.restarts).toBe(2);
    expect(server.note).toMatchObject({
      name: "small-1",
      restarts: 2,
      state: "ready",
      process: { pid: server.pid },
    });
    expect(said).toEqual([
      expect.stringMatching(/^✓ small-1 {2}ready {2}\d+\.\d s$/),
      "✗ small-1  ended (SIGKILL), starts again in 0.2 s",
      expect.stringMatching(/^✓ small-1 {2}ready again {2}\d+\.\d s$/),
      "✗ small-1  ended (exit code 7), starts again in 0.4 s",
      expect.stringMatching(/^✓ small-1 {2}ready again {2}\d+\.\d s$/),
    ]);
  });

  it("is killed and started again when it answers nothing any more", async () => {
    const { server, said } = supervise();
    await server.start();
    const before = server.pid;
    void ask("/hang");
    await whenReadyAgain(server, before);
    expect(said).toContain("! small-1  does not answer for 1.0 s, and is killed");
    expect(server.restarts).toBe(1);
  });

  it("that is paused for less than the limit goes on as it was", async () => {
    const { server } = supervise("", { unresponsiveMs: 15_000 });
    await server.start();
    const before = server.pid;
    server.kill("SIGSTOP");
    expect(await Promise.race([ask("/readyz"), once(AbortSignal.timeout(2_500), "abort")])).toBeInstanceOf(
      Array,
    );
    server.kill("SIGCONT");
    await ask("/unready");
    await until("it answers", () => server.state === "unready");
    expect([server.pid, server.restarts]).toEqual([before, 0]);
  });

  it("that is not ready any more is unready, and is left alone", async () => {
    const { server, said } = supervise();
    await server.start();
    await ask("/unready");
    await until("it is unready", () => server.state === "unready");
    expect(server.restarts).toBe(0);
    expect(said).toHaveLength(1);
  });

  it("that cannot start says why, and where to read more", async () => {
    const { server } = supervise("broken");
    await expect(server.start()).rejects.toThrow(
      `small-1 did not start: TypeError: the fuse is blown (see ${join(directory, "logs/small-1.log")}).`,
    );
  });

  it("that is not ready in time says so, and where to read more", async () => {
    const { server } = supervise("slow", { startTimeoutMs: 500 });
    await expect(server.start()).rejects.toThrow(/^small-1 is not ready after 0.5 s, see .+small-1.log.$/);
  });

  it("that is started again may take its time to become ready, as long as it answers", async () => {
    const { server, said } = supervise(`once:${join(directory, "marker")}`, { startTimeoutMs: 1_000 });
    await server.start();
    const before = server.pid;
    server.kill("SIGKILL");
    const again = await until("it answers", async () => (await ask("/readyz"))?.status === 503 && server.pid);
    await once(AbortSignal.timeout(1_500), "abort");
    expect(again).not.toBe(before);
    expect([server.pid, server.state, server.restarts]).toEqual([again, "starting", 1]);
    expect(said).toHaveLength(2);
  });

  it("ends when it is stopped, and stays ended, paused or not", async () => {
    const { server, said } = supervise();
    await server.start();
    const { pid = 0 } = server;
    server.kill("SIGSTOP");
    await server.stop();
    expect([identityOf(pid), server.pid, server.state]).toEqual([undefined, undefined, "stopped"]);
    expect(said).toHaveLength(1);
    expect(readFileSync(join(directory, "logs/small-1.log"), "utf8")).toBe(`listens at ${port}\n`);
  });

  it("that does not end in time is killed, which is told", async () => {
    const { server, said } = supervise("deaf", { stopTimeoutMs: 300 });
    await server.start();
    const { pid = 0 } = server;
    await server.stop();
    expect(identityOf(pid)).toBeUndefined();
    expect(said.at(-1)).toBe("! small-1  did not end within 0.3 s, and was killed");
  });

  it("ends by itself when its supervisor is killed", async () => {
    const program = new URL("./supervisor.program.fixture.ts", import.meta.url);
    const supervisor = fork(program, [directory, String(port)], { execArgv: ["--conditions=source"] });
    const [{ pid }] = (await once(supervisor, "message")) as [{ pid: number }];
    expect(identityOf(pid)).toBeTypeOf("string");
    supervisor.kill("SIGKILL");
    await until("the server is gone", () => identityOf(pid) === undefined);
  });
});
