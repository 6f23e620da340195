import { until } from "@tidings/testing";
import { describe, expect, it } from "vitest";
import { gatewayTo, nowhere, service, startTestGateway, startUpstream } from "./gateway.fixture.ts";

describe("a gateway that closes", () => {
  it("lets running requests finish, and takes no new ones", async () => {
    let finish = () => {};
    const upstream = await startUpstream((app) => {
      app.get(
        "/api/things",
        () =>
          new Promise((resolve) => {
            finish = () => resolve({ finished: true });
          }),
      );
    });
    const gateway = await gatewayTo([upstream.url]);
    const running = fetch(`${gateway.url}/api/things`);
    await until("it runs", () => upstream.requests.length);
    const closed = gateway.close();
    await until("it takes no more", () =>
      fetch(gateway.url).then(
        () => false,
        () => true,
      ),
    );
    finish();
    const answer = await running;
    expect([answer.headers.get("connection"), await answer.json()]).toEqual(["close", { finished: true }]);
    await closed;
    await gateway.close();
  });

  it("answers who waits for an operation how it stands", async () => {
    const upstream = await startUpstream((app) => {
      app.get("/api/operations/:id", ({ headers }) =>
        headers.prefer ? new Promise(() => {}) : Promise.resolve({ done: false }),
      );
    });
    const gateway = await gatewayTo([upstream.url]);
    const headers = { prefer: "wait=20" };
    const waiting = fetch(`${gateway.url}/api/operations/x`, { headers });
    await until("it waits", () => upstream.requests.length === 2);
    await gateway.close();
    const answer = await waiting;
    expect([answer.status, await answer.json()]).toEqual([200, { done: false }]);
    expect(answer.headers.get("preference-applied")).toBe("wait=20");
  });

  it("tells event streams when to come back", async () => {
    const upstream = await startUpstream((app) => {
      app.get("/api/operations/:id", ({ headers }, reply) => {
        if (headers.accept !== "text/event-stream") return reply.send({});
        reply.hijack();
        reply.raw.writeHead(200, { "content-type": "text/event-stream" });
        reply.raw.write("data: one\n\n");
      });
    });
    const gateway = await gatewayTo([upstream.url]);
    const headers = { accept: "text/event-stream" };
    const answer = await fetch(`${gateway.url}/api/operations/x`, { headers });
    const text = answer.text();
    await until("it is asked for", () => upstream.requests.length === 2);
    await gateway.close();
    expect(await text).toMatch(/^data: one\n\nretry: \d{4}\n\n$/);
  });

  it("says that it is not ready before, for as long as it was told", async () => {
    const gateway = await startTestGateway({
      services: [service("things")],
      upstreams: { things: [(await startUpstream()).url] },
      noticeMs: 300,
    });
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
    const closed = gateway.close();
    const answer = await fetch(`${gateway.url}/readyz`);
    expect([answer.status, await answer.json()]).toEqual([503, { status: "draining" }]);
    await closed;
  });
});

describe("a gateway that starts", () => {
  it("is ready when of each service a process is", async () => {
    const [first, second] = [await startUpstream(), await startUpstream()];
    second.state.isReady = false;
    const gateway = await startTestGateway({
      services: [service("a"), service("b")],
      upstreams: { a: [await nowhere(), first.url], b: [second.url] },
    });
    const verbose = async () => {
      const answer = await fetch(`${gateway.url}/readyz?verbose`);
      return [answer.status, await answer.json()];
    };
    expect(await verbose()).toEqual([503, { status: "failed", checks: { a: "ok", b: "failed" } }]);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
    second.state.isReady = true;
    await until("it is ready", async () => (await verbose())[0] === 200);
    expect(await verbose()).toEqual([200, { status: "ok", checks: { a: "ok", b: "ok" } }]);
  });

  it("says in one sentence that its address is taken", async () => {
    const { url } = await startUpstream();
    const port = Number(new URL(url).port);
    const options = { services: [service("things")], upstreams: { things: [url] }, port };
    await expect(startTestGateway(options)).rejects.toMatchObject({
      code: "address-in-use",
      message: `The address 127.0.0.1:${port} is in use: stop the program that listens there, or set PORT to another port.`,
    });
  });
});
