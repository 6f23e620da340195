import {
  completeOperation,
  failOperation,
  operationId,
  reportStep,
  startOperation,
} from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { operationRoutes } from "./operation-routes.ts";
import { openShop, type Shop } from "./shop.test.fixture.ts";

let shop: Shop;
let url: string;
beforeAll(async () => {
  shop = await openShop(() => {});
  operationRoutes(shop.app, { live: shop.runtime.live, heartbeatMs: 100 });
  url = await shop.app.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(() => shop.close());

const begin = async () =>
  operationId(await shop.transaction((tx) => startOperation(tx, { kind: "checkout", steps: ["pay"] })));

/** An event stream: what has come, and whether it is over. */
async function stream(id: string, headers: Readonly<Record<string, string>> = {}) {
  const aborting = new AbortController();
  onTestFinished(() => aborting.abort());
  const response = await fetch(`${url}/api/operations/${id}`, {
    headers: { accept: "text/event-stream", ...headers },
    signal: aborting.signal,
  });
  const seen = { text: "", isOver: false };
  const read = async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) seen.text += chunk;
    seen.isOver = true;
  };
  read().catch(() => {});
  const events = () =>
    [...seen.text.matchAll(/(?:event: (\w+)\n)?id: (\d+)\ndata: (.+)\n\n/g)].map(
      ([, name, id, data = ""]) => ({
        name: name ?? "message",
        id: Number(id),
        data: JSON.parse(data),
      }),
    );
  return { response, seen, events, leave: () => aborting.abort() };
}

const outline = (events: { name: string; id: number }[]) => events.map(({ name, id }) => `${name} ${id}`);

test("an event stream says how the operation stands, each change, and that it is done, and ends", async () => {
  const id = await begin();
  const { response, seen, events } = await stream(id);
  await until("the snapshot", () => events().length === 1);
  await shop.transaction((tx) => reportStep(tx, id, "pay", "running"));
  await until("the change", () => events().length === 2);
  await shop.transaction((tx) => failOperation(tx, id, { rule: "payment-declined" }));
  await until("the end", () => seen.isOver);
  expect(outline(events())).toEqual(["message 1", "message 2", "message 3", "done 3"]);
  const { body } = await shop.request({ method: "GET", url: `/api/operations/${id}` });
  expect(
    events()
      .slice(2)
      .map(({ data }) => data),
  ).toEqual([body, body]);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
    vary: "accept, prefer",
  });
});

test("a client that comes back is told what it has not seen, and nothing twice", async () => {
  const id = await begin();
  await shop.transaction((tx) => reportStep(tx, id, "pay", "running"));
  const [old, current, strange] = [
    await stream(id, { "last-event-id": "1" }),
    await stream(id, { "last-event-id": "2" }),
    await stream(id, { "last-event-id": "77" }),
  ];
  await until("who has seen less is told", () => old.events().length === 1 && strange.events().length === 1);
  await shop.transaction((tx) => completeOperation(tx, id, {}));
  await until("all are at the end", () => [old, current, strange].every(({ seen }) => seen.isOver));
  expect([old, current, strange].map(({ events }) => outline(events()))).toEqual([
    ["message 2", "message 3", "done 3"],
    ["message 3", "done 3"],
    ["message 2", "message 3", "done 3"],
  ]);
});

test("of an operation that is done the stream is over at once, and is not there for who has seen its end", async () => {
  const id = await begin();
  await shop.transaction((tx) => completeOperation(tx, id, {}));
  const late = await stream(id, { "last-event-id": "1" });
  await until("it is over", () => late.seen.isOver);
  expect(outline(late.events())).toEqual(["message 2", "done 2"]);
  expect((await stream(id, { "last-event-id": "2" })).response.status).toBe(204);
});

test("while nothing happens a comment is sent now and then; who leaves is followed no more", async () => {
  const { seen, leave } = await stream(await begin());
  await until("two comments", () => seen.text.split("\n").filter((line) => line === ":").length >= 2);
  expect(shop.runtime.live.size).toBe(1);
  leave();
  await until("nobody follows", () => shop.runtime.live.size === 0);
});

test("who waits for an operation and goes away is not waited for", async () => {
  const id = await begin();
  const leaving = new AbortController();
  const headers = { prefer: "wait=20" };
  const answer = fetch(`${url}/api/operations/${id}`, { headers, signal: leaving.signal });
  await until("it waits", () => shop.runtime.live.size === 1);
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await until("nobody follows", () => shop.runtime.live.size === 0);
});

test("a client that cannot be served just now is told to come back, as an error would end its stream for good", async () => {
  const id = await begin();
  await until("nobody of the tests before follows any more", () => shop.runtime.live.size === 0);
  const table = shop.store.table("operations");
  const client = await shop.pool.connect();
  onTestFinished(() => client.release());
  await client.query("begin");
  await client.query(`lock table ${table}`);
  const opening = stream(id);
  await until("its query waits", async () => {
    const { rowCount } = await shop.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where wait_event_type = 'Lock' and datname = current_database()`,
    );
    return rowCount;
  });
  await client.query("rollback");
  const { response, seen } = await opening;
  await until("it is over", () => seen.isOver);
  expect([response.status, seen.text]).toEqual([
    200,
    expect.stringMatching(/^retry: \d{4}\n\nretry: \d{4}\n\n$/),
  ]);
});

test("a server that closes ends the stream, and tells the client to come back", async () => {
  const closing = await openShop(() => {});
  operationRoutes(closing.app, { live: closing.runtime.live });
  const { name } = await closing.transaction((tx) => startOperation(tx, { kind: "checkout", steps: [] }));
  const address = await closing.app.listen({ port: 0, host: "127.0.0.1" });
  const response = await fetch(`${address}/api/${name}`, { headers: { accept: "text/event-stream" } });
  const text = response.text();
  await until("it is followed", () => closing.runtime.live.size === 1);
  await closing.close();
  expect(await text).toMatch(/^retry: \d{4}\n\nid: 1\ndata: .+\n\nretry: \d{4}\n\n$/);
});
