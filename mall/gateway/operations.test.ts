import { until } from "@tidings/testing";
import { EventSource } from "eventsource";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  comeBackLater,
  gatewayTo,
  nowhere,
  service,
  startTestGateway,
  startUpstream,
  turnedAway,
} from "./gateway.fixture.ts";

const id = "01981f4a-7c00-7000-8000-000000000030";
const path = `/api/operations/${id}`;
const stream = { headers: { accept: "text/event-stream" } };

/** A service that keeps these operations, as others do theirs. */
function startKeeper(...ids: string[]) {
  return startUpstream((app) => {
    app.get<{ Params: { id: string } }>("/api/operations/:id", async (request, reply) => {
      const { headers, params } = request;
      if (headers.authorization === "Bearer bad")
        return reply.code(401).send({ type: "/problems/unauthorized" });
      if (!ids.includes(params.id)) return reply.code(404).send({ type: "/problems/not-found" });
      if (headers.accept === "text/event-stream")
        return reply.type("text/event-stream").send(`id: 2\ndata: ${headers["last-event-id"] ?? "all"}\n\n`);
      return reply.code(200).send({ name: params.id, prefer: headers.prefer });
    });
    app.post("/api/baskets", (_, reply) => reply.code(202).header("location", path).send({}));
  });
}

async function gatewayToTwo(baskets: string, orders: string, limits = {}) {
  return startTestGateway({
    services: [service("baskets"), service("orders")],
    upstreams: { baskets: [baskets], orders: [orders] },
    limits,
  });
}

describe("an operation", () => {
  it("is found at the service that keeps it, which alone is asked from then on", async () => {
    const [baskets, orders] = [await startKeeper(), await startKeeper(id)];
    const gateway = await gatewayToTwo(baskets.url, orders.url);
    const answer = await fetch(gateway.url + path, { headers: { prefer: "wait=2" } });
    expect([answer.status, await answer.json()]).toEqual([200, { name: id, prefer: "wait=2" }]);
    const asked = baskets.requests.length;
    expect([asked, (await fetch(gateway.url + path)).status]).toEqual([1, 200]);
    expect(baskets.requests.length).toBe(asked);
  });

  it("is known from the answer that told of it", async () => {
    const [baskets, orders] = [await startKeeper(id), await startKeeper()];
    const gateway = await gatewayToTwo(baskets.url, orders.url);
    const headers = { "content-type": "application/json" };
    await fetch(`${gateway.url}/api/baskets`, { method: "POST", headers, body: "{}" });
    expect((await fetch(gateway.url + path)).status).toBe(200);
    expect(orders.requests).toEqual([]);
  });

  it("is looked for by so many at a time as there may be requests, without one waiting for another", async () => {
    const gateway = await gatewayToTwo((await startKeeper()).url, (await startKeeper(id)).url, {
      inFlight: 1,
      queued: 0,
    });
    expect((await fetch(gateway.url + path)).status).toBe(200);
  });

  it("is followed as a stream from what was seen last", async () => {
    const gateway = await gatewayToTwo((await startKeeper()).url, (await startKeeper(id)).url);
    const headers = { ...stream.headers, "last-event-id": "1" };
    const answer = await fetch(gateway.url + path, { headers });
    expect([answer.headers.get("content-type"), await answer.text()]).toEqual([
      "text/event-stream",
      "id: 2\ndata: 1\n\n",
    ]);
  });

  it("that nobody keeps is not there, also for one who may not see it", async () => {
    const gateway = await gatewayToTwo((await startKeeper()).url, (await startKeeper()).url);
    expect((await fetch(gateway.url + path)).status).toBe(404);
    expect((await fetch(`${gateway.url}/api/operations/rubbish`)).status).toBe(404);
    const headers = { authorization: "Bearer bad" };
    expect((await fetch(gateway.url + path, { headers })).status).toBe(401);
  });

  it("is not said to be not there while a service cannot be asked", async () => {
    const gateway = await gatewayToTwo((await startKeeper()).url, await nowhere(), { budgetMs: 300 });
    expect(await turnedAway(await fetch(gateway.url + path))).toEqual(comeBackLater);
  });

  it("is not said to be not there while a service cannot tell", async () => {
    const broken = await startUpstream((app) => {
      app.get("/api/operations/:id", (_, reply) => reply.code(503).send({}));
    });
    const gateway = await gatewayToTwo((await startKeeper()).url, broken.url);
    expect(await turnedAway(await fetch(gateway.url + path))).toEqual(comeBackLater);
  });

  it("is found while another service cannot be asked", async () => {
    const gateway = await gatewayToTwo((await startKeeper(id)).url, await nowhere());
    expect((await fetch(gateway.url + path)).status).toBe(200);
  });

  it("lets an EventSource come back when nobody can be asked", async () => {
    const gateway = await gatewayToTwo(await nowhere(), await nowhere(), { budgetMs: 100 });
    const answer = await fetch(gateway.url + path, stream);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(await answer.text()).toMatch(/^retry: \d{4}\n\n/);
  });
});

describe("a stream that breaks off", () => {
  it("goes on from what was seen, without the half of an event", async () => {
    const breakers: (() => void)[] = [];
    const breaking = await startUpstream((app) => {
      app.get("/api/operations/:id", ({ headers }, reply) => {
        if (headers.accept !== "text/event-stream") return reply.send({});
        if (headers["last-event-id"])
          return reply.type("text/event-stream").send(`id: 7\ndata: after ${headers["last-event-id"]}\n\n`);
        reply.hijack();
        reply.raw.writeHead(200, { "content-type": "text/event-stream" });
        reply.raw.write("retry: 1\n\nid: 5\ndata: first\n\nid: 6\ndata: ha");
        breakers.push(() => reply.raw.destroy());
      });
    });
    const gateway = await gatewayTo([breaking.url]);
    const source = new EventSource(gateway.url + path);
    onTestFinished(() => source.close());
    const heard: string[] = [];
    source.onmessage = ({ data }) => heard.push(data);
    await until("the first event is heard", () => heard.length);
    for (const breakOff of breakers) breakOff();
    await until("it goes on", () => heard.length > 1);
    expect(heard.slice(0, 2)).toEqual(["first", "after 5"]);
  });

  it("between two events says when to come back", async () => {
    const breaking = await startUpstream((app) => {
      app.get("/api/operations/:id", ({ headers }, reply) => {
        if (headers.accept !== "text/event-stream") return reply.send({});
        reply.hijack();
        reply.raw.writeHead(200, { "content-type": "text/event-stream" });
        reply.raw.write("id: 5\ndata: first\n\n", () => reply.raw.destroy());
      });
    });
    const gateway = await gatewayTo([breaking.url]);
    const answer = await fetch(gateway.url + path, stream);
    expect(await answer.text()).toMatch(/^id: 5\ndata: first\n\nretry: \d{4}\n\n$/);
  });
});
