import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { uuidv7 } from "@tidings/core";
import { completeOperation, reportStep, startOperation } from "@tidings/postgres/internal";
import { startTestHost, type TestHost, until } from "@tidings/testing";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { begin, openSocket, shop as shopService } from "./live.fixture.ts";
import { liveRoutes } from "./live-routes.ts";
import { LiveTickets } from "./live-ticket.ts";
import { operationRoutes } from "./operation-routes.ts";
import { openShop, type Shop } from "./shop.test.fixture.ts";

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost([shopService], {
    maySee: ({ headers }, owner) => headers["x-actor"] === owner,
  });
});
afterAll(() => host.close());

const asAnn = { headers: { "x-actor": "ann" } };

test("what one may not see is the same to it as what does not exist", async () => {
  const id = await begin(host.application, "bob");
  const thing = uuidv7();
  await fetch(`${host.url}/things/${thing}`, { method: "PUT" });
  const socket = await openSocket(host.url, { headers: { "x-actor": "eve" } });
  const topics = [`operations/${id}`, `operations/${uuidv7()}`, "operations/1", "operations", `none/${id}`];
  socket.say({ subscribe: [...topics, `things/${thing}`] });
  await until("all are answered", () => socket.answers.length === 6);
  expect(new Set(socket.answers.map(({ topic }) => topic))).toEqual(new Set([...topics, `things/${thing}`]));
  expect(socket.errors()).toHaveLength(6);
  expect(new Set(socket.errors().map((error) => JSON.stringify(error))).size).toBe(1);
  expect(socket.errors()[0]).toMatchObject({ type: "/problems/not-found", status: 404 });
  for (const accept of ["application/json", "text/event-stream"]) {
    const answer = await fetch(`${host.url}/api/operations/${id}`, { headers: { accept, "x-actor": "eve" } });
    const own = await fetch(`${host.url}/api/operations/${id}`, { headers: { "x-actor": "bob" } });
    expect([answer.status, own.status]).toEqual([404, 200]);
  }
});

test.each([
  ["no JSON", "hello"],
  ["an array", "[]"],
  ["null", "null"],
  ["nothing to do", "{}"],
  ["topics that are no texts", '{"subscribe":[1]}'],
  ["topics that are no list", '{"subscribe":"operations/1"}'],
  ["more topics than a connection follows", JSON.stringify({ subscribe: Array(101).fill("a") })],
  ["a binary frame", Buffer.from('{"subscribe":[]}')],
  ["more than 8 KiB", JSON.stringify({ subscribe: ["x".repeat(8_200)] })],
])(
  "a message that makes no sense is answered with a problem, and the fifth ends the connection: %s",
  async (_, message) => {
    const socket = await openSocket(host.url, asAnn);
    for (let n = 0; n < 4; n++) socket.socket.send(message);
    await until("four problems", () => socket.errors().length === 4);
    socket.say({ subscribe: [`operations/${await begin(host.application)}`] });
    await until("what makes sense is obeyed", () => socket.last()?.done === false);
    socket.socket.send(message);
    await until("the connection is closed", () => socket.closed.code === 1008);
    expect(socket.errors()).toHaveLength(5);
  },
);

test("a message that is far too large ends the connection at once", async () => {
  const socket = await openSocket(host.url, asAnn);
  socket.socket.send("x".repeat(100_000));
  await until("the connection is closed", () => socket.closed.code === 1009);
});

test("a client that talks without end is sent away", async () => {
  const socket = await openSocket(host.url, asAnn);
  for (let n = 0; n <= 1_000; n++) socket.say({ unsubscribe: [] });
  await until("the connection is closed", () => socket.closed.code === 1008);
});

test("a connection follows a hundred topics and no more", async () => {
  const ids = await Promise.all(Array.from({ length: 101 }, () => begin(host.application)));
  const socket = await openSocket(host.url, asAnn);
  socket.say({ subscribe: ids.slice(0, 100).map((id) => `operations/${id}`) });
  await until("all snapshots", () => socket.answers.length === 100);
  socket.say({ subscribe: [`operations/${ids[100]}`] });
  await until("a problem", () => socket.errors().length === 1);
  socket.say({ unsubscribe: [`operations/${ids[0]}`], subscribe: [`operations/${ids[100]}`] });
  await until("there is room again", () => socket.answers.at(-1)?.topic === `operations/${ids[100]}`);
});

test.each([
  ["http://evil.example", 403],
  ["null", 403],
  ["own", undefined],
  [undefined, undefined],
])("a page of the origin %s is answered with %s", async (origin, status) => {
  const own = origin === "own" ? host.url : origin;
  const socket = await openSocket(host.url, { headers: { ...(own && { origin: own }) } });
  expect(socket.refused).toBe(status);
});

test("a request that would like another protocol, or the WebSocket elsewhere, is answered as if it would not", async () => {
  const port = Number(new URL(host.url).port);
  const ask = async (address: string, upgrade: string) => {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    let text = "";
    socket.on("data", (data) => {
      text += data;
    });
    const key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n";
    socket.write(
      `${address} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: ${upgrade}\r\n${key}\r\n`,
    );
    await until("it is answered", () => text.includes("\r\n\r\n"));
    return Number(text.split(" ")[1]);
  };
  expect(await ask("POST /checkout", "h2c")).toBe(202);
  expect(await ask("POST /checkout", "websocket")).toBe(202);
  expect(await ask("POST /api/live", "websocket")).toBe(405);
  expect(await ask("GET /api/live", "h2c")).toBe(400);
  expect(await ask("GET /api/live", "websocket")).toBe(101);
});

/** Routes with a short heartbeat and few connections. */
async function openImpatient(heartbeatMs = 50): Promise<{ shop: Shop; url: string }> {
  const shop = await openShop(() => {});
  onTestFinished(() => shop.close());
  const { live } = shop.runtime;
  operationRoutes(shop.app, { live, heartbeatMs });
  const tickets = new LiveTickets(Buffer.alloc(32), shop.clock);
  await liveRoutes(shop.app, { live, tickets, heartbeatMs, maxConnections: 2 });
  return { shop, url: await shop.app.listen({ port: 0, host: "127.0.0.1" }) };
}

test("a connection more than there may be is told to come back later, and nobody is left behind", async () => {
  const { shop, url } = await openImpatient();
  const sockets = [await openSocket(url), await openSocket(url), await openSocket(url)];
  await until("one is closed", () => sockets.some(({ closed }) => closed.code === 1013));
  const open = sockets.filter(({ closed }) => !closed.code);
  const id = await startIn(shop);
  for (const { say } of open) say({ subscribe: [`operations/${id}`] });
  await until("both follow", () => shop.runtime.live.size === 2);
  for (const { socket } of open) socket.terminate();
  await until("nobody follows", () => shop.runtime.live.size === 0);
  expect((await openSocket(url)).refused).toBeUndefined();
});

test("a client that answers no ping is cut off", async () => {
  const { shop, url } = await openImpatient();
  const alive = await openSocket(url);
  const dead = new WebSocket(`${url.replace("http", "ws")}/api/live`, { autoPong: false });
  let code = 0;
  dead.on("close", (closed) => {
    code = closed;
  });
  await until("it is cut off", () => code === 1006);
  expect([alive.socket.readyState, shop.runtime.live.size]).toEqual([WebSocket.OPEN, 0]);
});

for (const [kind, request] of [
  [
    "event stream",
    (id: string) => `GET /api/operations/${id} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n`,
  ],
  [
    "WebSocket",
    () =>
      "GET /api/live HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n",
  ],
] as const) {
  test(`a client of an ${kind} that never reads is cut off, and costs little until then`, async () => {
    const { shop, url } = await openImpatient();
    const id = await startIn(shop, "x".repeat(500_000));
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => {});
    socket.pause();
    socket.write(request(id));
    if (kind === "WebSocket") socket.write(textFrame(JSON.stringify({ subscribe: [`operations/${id}`] })));
    await until("it follows", () => shop.runtime.live.size === 1);
    for (let n = 0; n < 100 && shop.runtime.live.size > 0; n++) {
      await shop.transaction((tx) => reportStep(tx, id, `step ${n}`, "done"));
      shop.runtime.live.committed([id]);
    }
    await until("it is cut off", () => shop.runtime.live.size === 0);
  });
}

test("a client that is slow gets fewer states, and the last one", async () => {
  const { shop, url } = await openImpatient(10_000);
  const id = await startIn(shop, "x".repeat(500_000));
  const socket = await openSocket(url);
  socket.say({ subscribe: [`operations/${id}`] });
  await until("the snapshot", () => socket.answers.length === 1);
  const stream = await new Promise<IncomingMessage>((resolve) => {
    get(`${url}/api/operations/${id}`, { headers: { accept: "text/event-stream" } }, resolve);
  });
  onTestFinished(() => void stream.destroy());
  const told = { version: 0 };
  const leave = shop.runtime.live.follow(
    { kind: "operations", id },
    { changed: ({ version }) => void Object.assign(told, { version }) },
  );
  socket.socket.pause();
  for (let n = 0; n < 60; n++) {
    await shop.transaction((tx) => reportStep(tx, id, `step ${n}`, "done"));
    shop.runtime.live.committed([id]);
    await until("the change was told", () => told.version === n + 2, { interval: 1 });
  }
  leave();
  socket.socket.resume();
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  await until(
    "both have the last step",
    () => socket.last()?.metadata.steps.length === 61 && text.includes("step 59"),
  );
  await shop.transaction((tx) => completeOperation(tx, id, {}));
  await until("both have the end", () => socket.last()?.done && stream.complete);
  expect(text.split("event: done")).toHaveLength(2);
  const sent = text.match(/^id: /gm)?.length ?? 0;
  expect([socket.answers.length < 55, sent < 55], `${socket.answers.length} and ${sent}`).toEqual([
    true,
    true,
  ]);
});

function textFrame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}

async function startIn(shop: Shop, filling = ""): Promise<string> {
  const operation = { kind: "checkout", steps: ["reserve"], metadata: { filling } };
  const { name } = await shop.transaction((tx) => startOperation(tx, operation));
  return name.slice("operations/".length);
}
