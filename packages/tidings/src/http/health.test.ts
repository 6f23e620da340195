import { until } from "@tidings/testing";
import { expect, test } from "vitest";
import { drain } from "./drain.ts";
import { Health } from "./health.ts";
import { createHttpServer } from "./server.ts";

function serve(health: Health) {
  const app = createHttpServer();
  health.routes(app);
  const status = async (url: string) => (await app.inject(url)).statusCode;
  return { app, status };
}

test("a process is ready when it has started and until it drains, and alive throughout", async () => {
  const health = new Health({ database: async () => true });
  const { status } = serve(health);
  expect([await status("/livez"), await status("/startupz"), await status("/readyz")]).toEqual([
    200, 503, 503,
  ]);
  health.started();
  expect([await status("/healthz"), await status("/startupz"), await status("/readyz")]).toEqual([
    200, 200, 200,
  ]);
  health.draining();
  expect([await status("/livez"), await status("/startupz"), await status("/readyz")]).toEqual([
    200, 200, 503,
  ]);
});

test("a process that drains while it starts does not become ready", async () => {
  const health = new Health({});
  health.draining();
  health.started();
  expect(await serve(health).status("/readyz")).toBe(503);
});

test.each([
  ["throws", () => Promise.reject(new Error("secret"))],
  ["says no", async () => false],
  ["does not end", () => new Promise<void>(() => {})],
])("a check that %s makes the process not ready, and says no more than its name", async (_, check) => {
  const health = new Health({ database: async () => {}, broker: check });
  health.started();
  const response = await serve(health).app.inject("/readyz?verbose");
  expect(response.statusCode).toBe(503);
  expect(response.json()).toEqual({ status: "failed", checks: { database: "ok", broker: "failed" } });
});

test("checks run once for many probes at the same time", async () => {
  let runs = 0;
  const health = new Health({ database: async () => ++runs > 0 });
  health.started();
  const { status } = serve(health);
  await Promise.all([status("/readyz"), status("/readyz"), status("/readyz")]);
  expect(runs).toBe(1);
});

test("draining lets a running request finish and closes its connection", async () => {
  const health = new Health({});
  const { app } = serve(health);
  let release = () => {};
  let entered = false;
  app.get("/slow", async () => {
    entered = true;
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return { done: true };
  });
  const address = await app.listen({ host: "127.0.0.1", port: 0 });
  const running = fetch(`${address}/slow`);
  await until("the request runs", () => entered);
  const drained = drain(app, { health });
  await until("the server takes no more connections", () =>
    fetch(`${address}/livez`).then(
      () => false,
      () => true,
    ),
  );
  release();
  const response = await running;
  expect([response.status, response.headers.get("connection")]).toEqual([200, "close"]);
  expect(await drained).toBe(true);
});

test("draining cuts a request that does not finish in time", async () => {
  const { app } = serve(new Health({}));
  let entered = false;
  app.get("/stuck", () => {
    entered = true;
    return new Promise(() => {});
  });
  const address = await app.listen({ host: "127.0.0.1", port: 0 });
  const running = fetch(`${address}/stuck`).then(
    () => "answered",
    () => "cut",
  );
  await until("the request runs", () => entered);
  expect(await drain(app, { health: new Health({}), timeoutMs: 50 })).toBe(false);
  expect(await running).toBe("cut");
});
