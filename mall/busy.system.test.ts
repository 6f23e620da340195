import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "@tidings/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { tokenFor } from "./access.fixture.ts";
import { startBusyMall } from "./busy-mall.fixture.ts";

let mall: Awaited<ReturnType<typeof startBusyMall>>;
let running: ChildProcess | undefined;
const servers: Server[] = [];
beforeAll(async () => {
  mall = await startBusyMall();
  mall.startBots({ count: 3, walkMs: [0, 0], pollMs: 50 });
});
afterEach(() => running?.kill("SIGKILL"));
afterAll(async () => {
  for (const server of servers) server.close();
  await mall?.close();
});

function beBusy(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const program = new URL("busy.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, ["--conditions=source", program, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running = child;
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    output.stderr += chunk;
  });
  const ended = new Promise<typeof output & { code: number | null }>((resolve) => {
    child.once("close", (code) => resolve({ code, ...output }));
  });
  return { child, ended };
}

async function ordersByStatus(): Promise<Record<string, number>> {
  const text = "select status, count(*)::int from orders group by 1";
  const { rows } = await mall.pool.query<{ status: string; count: number }>(text);
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

async function orderCount(): Promise<number> {
  return Object.values(await ordersByStatus()).reduce((sum, count) => sum + count, 0);
}

describe("npm run busy", () => {
  it("ends after so many orders, with exit code 0 and a summary that the mall's own data bears out", async () => {
    const args = ["--url", mall.url, "--shoppers", "5", "--orders", "20", "--seed", "3", "--json"];
    const { code, stdout, stderr } = await beBusy(args).ended;
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ apiVersion: "1", seed: 3, unexpected: [] });
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("unexpected")]);
    expect(summary.ordersByStatus).toEqual(await ordersByStatus());
    expect(summary.orders).toBeGreaterThanOrEqual(20);
    expect(summary.latencyMs.p95).toBeGreaterThanOrEqual(summary.latencyMs.p50);
  });

  it("says how it went for people, too, and shops again with the same seed", async () => {
    const { code, stdout } = await beBusy(["--url", mall.url, "--orders", "3", "--seed", "3"]).ended;
    expect(stdout).toContain("Unexpected           nothing");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Orders +\d+ in [\d.]+ s, [\d.]+ a second \(seed 3\)\n {2}ended as +\w+ \d+/);
    expect(stdout).not.toContain("\u001b");
  });

  it("ends at Ctrl-C with what there was so far and exit code 130", async () => {
    const before = await orderCount();
    const { child, ended } = beBusy(["--url", mall.url, "--json"]);
    await until("somebody has ordered", async () => (await orderCount()) > before);
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    expect(JSON.parse(stdout)).toMatchObject({ apiVersion: "1", unexpected: [] });
    expect(code).toBe(130);
  });

  it("wants an operator's token where the mall is not open to everybody, and sends it", async () => {
    const authorization = `Bearer ${await tokenFor({ roles: ["operator"], sub: "busy" })}`;
    const mallLike = await pretend((request) =>
      request.headers.authorization === authorization ? 500 : 401,
    );
    const args = ["--url", mallLike, "--orders", "1"];
    expect(await beBusy(args).ended).toEqual({
      code: 1,
      stdout: "",
      stderr: `The Mall at ${mallLike} wants the token of an operator: set MALL_TOKEN to one.\n`,
    });
    const MALL_TOKEN = authorization.replace("Bearer ", "");
    expect((await beBusy(args, { MALL_TOKEN }).ended).stderr).toBe(
      `The Mall at ${mallLike} is not ready: it answered 500.\n`,
    );
  });

  it("ends with exit code 1 when the mall answers what it must not", async () => {
    const isFine = (url = "") => url.startsWith("/api/bots") || url.endsWith("openapi.json");
    const mallLike = await pretend(({ url }) => (isFine(url) ? 200 : 500));
    const { code, stdout } = await beBusy(["--url", mallLike, "--orders", "1"]).ended;
    expect(code).toBe(1);
    expect(stdout).toContain("1 × GET /api/stores?limit=200: answered 500");
  });

  it.each([
    [["--shoppers", "none"], 2, "--shoppers must be a whole number from 1 to 1000, not none."],
    [["--url", "http://127.0.0.1:9"], 1, "No Mall answers at http://127.0.0.1:9. Start one with npm start"],
  ])("with %j says in one line what is wrong", async (args, exitCode, sentence) => {
    const { code, stdout, stderr } = await beBusy(args).ended;
    expect([code, stdout, stderr.trim().split("\n").length]).toEqual([exitCode, "", 1]);
    expect(stderr).toContain(sentence);
  });

  it("explains itself", async () => {
    const { code, stdout } = await beBusy(["--help"]).ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining("npm run busy -- --shoppers 50")]);
  });
});

/** A server that answers everything with an OpenAPI document of one route. @returns its address */
async function pretend(statusOf: (request: IncomingMessage) => number): Promise<string> {
  const document = { paths: { "/api/stores": {} }, components: { schemas: {} } };
  const server = createServer((request, response) => {
    response.writeHead(statusOf(request), { "content-type": "application/json" });
    response.end(JSON.stringify(document));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
