import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import type { ApiAnswer } from "@mall/common/http-client";
import { httpClient } from "@mall/common/http-client";
import { type Gateway, type GatewayOptions, startGateway } from "@mall/gateway";
import { until } from "@tidings/testing";
import { pino } from "pino";
import type { OpenApiDocument } from "tidings";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { apiDocs } from "./api-docs.ts";
import {
  checkOut,
  type OperationAnswer,
  openStore,
  readyToBuy,
  startMall,
  unknownId,
  whenDone,
} from "./mall.fixture.ts";
import { createMall } from "./mall.ts";
import { welcome } from "./welcome.ts";

let mall: Awaited<ReturnType<typeof startMall>>;
let gateway: Gateway;

beforeAll(async () => {
  mall = await startMall();
  const log = pino({ level: "silent" });
  const { services } = createMall({ access: { demo: true }, log });
  gateway = await startGateway({
    services,
    upstreams: Object.fromEntries(services.map(({ name }) => [name, [mall.url]])),
    http: async (app) => {
      await apiDocs(app);
      app.get("/", async () => welcome);
    },
    port: 0,
    log: log as GatewayOptions["log"],
  });
});
afterAll(async () => {
  await gateway?.close();
  await mall?.close();
});

/** Everything that a client sees of an answer, but times, and what concerns the connection alone. */
async function seen(url: string, path: string, init: RequestInit = {}) {
  const answer = await fetch(url + path, init);
  const headers = Object.fromEntries([...answer.headers].filter(([name]) => !isOfConnection.has(name)));
  const body = (await answer.text()).replace(/^retry: \d+/, "retry: …");
  return { status: answer.status, headers, body };
}

const isOfConnection = new Set(["date", "connection", "keep-alive"]);

async function expectSame(path: string, init: RequestInit = {}) {
  const direct = await seen(mall.url, path, init);
  expect(await seen(gateway.url, path, init), `${init.method ?? "GET"} ${path}`).toEqual(direct);
  return direct.status;
}

const json = { "content-type": "application/json" };
const api: ReturnType<typeof httpClient> = (route, body, headers) =>
  httpClient(gateway.url)(route, body, headers);

describe("the gateway, compared with the Mall as one process", () => {
  it("shows the same document, and reaches each of its routes", async () => {
    expect(await expectSame("/api/docs")).toBe(200);
    await expectSame("/api/docs/openapi.json");
    const { body } = await api<OpenApiDocument>("GET /api/docs");
    const routes = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, unknownId)]),
    );
    expect(routes.length).toBeGreaterThan(40);
    for (const [method = "", path = ""] of routes) {
      if (path === "/api/live/tickets") continue;
      const hasBody = method !== "GET";
      await expectSame(path, { method, ...(hasBody && { headers: json, body: "[]" }) });
    }
  });

  it.each([
    "/",
    "/problems",
    "/problems/rule-broken",
    "/problems/no-such",
    "/livez",
    "/nowhere",
    "/api/stores/%00",
    `/api/stores/${"x".repeat(300)}`,
    "/api/stores?limit=0",
    "/api/search/products?q=%01",
    "/api/live",
    "/api/live?ticket=nobody.knows",
    "/processor/ledger",
  ])("answers the same to GET %s", async (path) => {
    await expectSame(path);
  });

  it.each([
    ["POST", "/api/docs", undefined, 405],
    ["DELETE", "/api/stores", undefined, 405],
    ["PATCH", `/api/baskets/${unknownId}`, "{}", 405],
    ["POST", "/api/stores", "{", 400],
    ["POST", "/api/stores", `{"__proto__":1}`, 400],
    ["POST", "/api/stores", `{"name":""}`, 422],
    ["POST", "/api/stores", JSON.stringify({ name: "x".repeat(2_000_000) }), 413],
    ["PUT", `/api/stores/${unknownId}/name`, `{"name":"New"}`, 404],
  ])("answers the same to %s %s", async (method, path, body, status) => {
    const init = { method, ...(body && { headers: json, body }) };
    expect(await expectSame(path, init)).toBe(status);
  });

  it("answers the same to bodies of another kind, unusable headers and HEAD", async () => {
    const store = { name: "The Paper Lantern", location: "North wing" };
    const text = { "content-type": "text/plain" };
    expect(await expectSame("/api/stores", { method: "POST", headers: text, body: "x" })).toBe(415);
    const token = { ...json, "consistency-token": "rubbish" };
    const body = JSON.stringify(store);
    expect(await expectSame("/api/stores", { method: "POST", headers: token, body })).toBe(422);
    const storeId = await openStore(api);
    expect(await expectSame(`/api/stores/${storeId}`, { method: "HEAD" })).toBe(200);
    const stale = { ...json, "if-match": '"99"' };
    const rename = { method: "PUT", headers: stale, body: '{"name":"Other"}' };
    expect(await expectSame(`/api/stores/${storeId}/name`, rename)).toBe(412);
    expect(await expectSame(`/api/stores/${storeId}`)).toBe(200);
  });

  it("answers a body without a length that is too large as the Mall does", async () => {
    const send = (url: string) => {
      const chunk = new TextEncoder().encode("x".repeat(64 * 1024));
      const body = new ReadableStream({
        start(controller) {
          for (let count = 0; count < 20; count++) controller.enqueue(chunk);
          controller.close();
        },
      });
      return seen(url, "/api/stores", { method: "POST", headers: json, body, duplex: "half" } as RequestInit);
    };
    const answer = await send(gateway.url);
    expect([answer.status, answer]).toEqual([413, await send(mall.url)]);
  });

  it("gives a repeat under an idempotency key the first answer, whichever way it came", async () => {
    const headers = { ...json, "idempotency-key": '"one-store"' };
    const init = { method: "POST", headers, body: '{"name":"Once","location":"South"}' };
    const first = await seen(gateway.url, "/api/stores", init);
    const again = await seen(mall.url, "/api/stores", init);
    expect([first.status, again.headers["idempotent-replayed"]]).toEqual([201, "true"]);
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect((await seen(gateway.url, "/api/stores", init)).headers).toEqual(again.headers);
  });
});

describe("a shopper behind the gateway", () => {
  it("checks out and waits for the order", async () => {
    const { basketId, payment } = await readyToBuy(visitor());
    const answer = await checkOut(api, basketId, payment, { prefer: "wait=20" });
    expect([answer.status, answer.body.done, answer.body.error]).toEqual([200, true, undefined]);
    expect(answer.headers.get("preference-applied")).toBe("wait=20");
    const path = `/api/${answer.body.name}`;
    expect(answer.headers.get("location")).toBe(path);
    expect(await expectSame(path)).toBe(200);
    expect(await expectSame(path, { headers: { accept: "text/event-stream", "last-event-id": "0" } })).toBe(
      200,
    );
  });

  it("follows an order as a stream of events, to its end", async () => {
    const { basketId, payment } = await readyToBuy(visitor());
    const { body } = await checkOut(api, basketId, payment);
    const stream = await seen(gateway.url, `/api/${body.name}`, { headers: { accept: "text/event-stream" } });
    expect(stream.headers["content-type"]).toBe("text/event-stream");
    expect(stream.body).toMatch(/^retry: …\n\n/);
    expect(stream.body).toMatch(/\nevent: done\n/);
  });

  it("reads its own writes by the consistency token", async () => {
    const writer = await api("POST /api/stores", { name: "Told", location: "North" });
    const token = writer.headers.get("consistency-token") ?? "";
    expect(token).not.toBe("");
    const headers = { "consistency-token": token };
    const { body } = await api<{ items: { name: string }[] }>("GET /api/stores", undefined, headers);
    expect(body.items.map(({ name }) => name)).toContain("Told");
  });

  it("follows operations and orders on one WebSocket, opened with a ticket", async () => {
    const { basketId, payment } = await readyToBuy(visitor());
    const ticket = await api<{ ticket: string }>("POST /api/live/tickets");
    expect([ticket.status, ticket.headers.get("cache-control")]).toEqual([201, "no-store"]);
    const socket = openSocket(`${gateway.url}${ticket.headers.get("location")}`);
    const { body } = await checkOut(api, basketId, payment);
    const { orderId } = body.metadata;
    await until("the socket is open", () => socket.opened);
    socket.say({ subscribe: [body.name, `orders/${orderId}`, `orders/${unknownId}`, "rubbish"] });
    const last = (topic: string) => socket.heard.findLast((message) => message.topic === topic);
    await until("the operation is done", () => (last(body.name)?.data as OperationAnswer | undefined)?.done);
    await until("the order is approved", () => last(`orders/${orderId}`)?.data?.status === "approved");
    await until(
      "unknown topics are refused",
      () => last("rubbish")?.error && last(`orders/${unknownId}`)?.error,
    );
    expect(last(`orders/${orderId}`)?.data).toEqual((await api(`GET /api/orders/${orderId}`)).body);
    expect(await whenDone(api, body)).toEqual(last(body.name)?.data);
  });

  it("says the same as the Mall of a WebSocket that it refuses", async () => {
    for (const headers of [{ authorization: "Bearer x" }, { origin: "http://evil.example" }]) {
      const [direct, through] = [mall.url, gateway.url].map((url) => openSocket(`${url}/api/live`, headers));
      await until("both are refused", () => direct?.refused && through?.refused);
      expect([through?.refused, through?.refused]).toEqual([direct?.refused, 401]);
    }
  });
});

describe("a page that is not of this machine", () => {
  it.each([
    ["under a name of its own", { host: "evil.example" }],
    ["with an origin", { origin: "http://evil.example" }],
    ["that would like to pass for a local one", { host: "evil.example", "x-forwarded-host": "localhost" }],
    ["that hides its origin", { origin: "http://evil.example", connection: "close, origin, host" }],
  ])("%s is no operator through the gateway", async (_how, headers) => {
    const statusOf = (url: string) =>
      new Promise((resolve, reject) => {
        const sent = httpRequest(`${url}/api/bots`, { headers }, (answer) => {
          answer.resume();
          resolve(answer.statusCode);
        });
        sent.on("error", reject).end();
      });
    expect([await statusOf(gateway.url), await statusOf(mall.url)]).toEqual([401, 401]);
  });
});

describe("a client that speaks a plainer HTTP", () => {
  it.each([
    "GET /api/bots HTTP/1.0\r\n\r\n",
    "GET /api/bots HTTP/1.1\r\nConnection: close\r\n\r\n",
    "GET /api/bots HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
    "GET http://localhost/api/bots HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
    "GET /api/bots HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  ])("is no operator by %j", async (request) => {
    const statusOf = (url: string) =>
      new Promise<string>((resolve, reject) => {
        let text = "";
        const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(request));
        socket.on("data", (data) => {
          text += data;
        });
        socket.on("error", reject);
        socket.on("close", () => resolve(text.slice("HTTP/1.1 ".length, "HTTP/1.1 400".length)));
      });
    const status = await statusOf(gateway.url);
    expect(["400", "401"]).toContain(status);
    expect(status).toBe(await statusOf(mall.url));
  });
});

/** A client of the gateway that reads its own writes. */
function visitor() {
  let token: string | undefined;
  return async <Body>(
    route: Parameters<typeof api>[0],
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiAnswer<Body>> => {
    const answer = await api<Body>(route, body, { ...(token && { "consistency-token": token }), ...headers });
    token = answer.headers.get("consistency-token") ?? token;
    return answer;
  };
}

interface Heard {
  readonly topic: string;
  readonly data?: { readonly status?: string } & Partial<OperationAnswer>;
  readonly error?: object;
}

function openSocket(url: string, headers: Readonly<Record<string, string>> = {}) {
  const socket = new WebSocket(url.replace("http", "ws"), { headers });
  onTestFinished(() => socket.terminate());
  const state = {
    heard: [] as Heard[],
    opened: false,
    refused: undefined as number | undefined,
    say: (message: object) => socket.send(JSON.stringify(message)),
  };
  socket.on("open", () => {
    state.opened = true;
  });
  socket.on("message", (data) => state.heard.push(JSON.parse(data.toString()) as Heard));
  socket.on("unexpected-response", (_request, { statusCode }) => {
    state.refused = statusCode;
    socket.terminate();
  });
  socket.on("error", () => {});
  return state;
}
