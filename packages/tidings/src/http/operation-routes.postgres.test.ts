import { uuidv7 } from "@tidings/core";
import {
  completeOperation,
  failOperation,
  type Operation,
  operationId,
  reportStep,
  startOperation,
} from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { accepted } from "./answer.ts";
import { operationRoutes } from "./operation-routes.ts";
import { openShop, type Shop } from "./shop.test.fixture.ts";

let shop: Shop;

const start = {
  kind: "checkout",
  owner: "ann",
  metadata: { orderId: "o1", kind: "forged" },
  steps: ["reserve", "pay"],
};

beforeAll(async () => {
  shop = await openShop((app) => {
    app.post("/checkout", { config: { waitsForOperation: true } }, (request) =>
      request.transaction(async (tx) => accepted(await startOperation(tx, start))),
    );
    app.post("/no-wait", (request) =>
      request.transaction(async (tx) => accepted(await startOperation(tx, start))),
    );
  });
  operationRoutes(shop.app, {
    live: shop.runtime.live,
    maySee: (request, owner) =>
      request.headers["x-actor"] === undefined || request.headers["x-actor"] === owner,
  });
});

afterAll(() => shop.close());

const begin = async () => operationId(await shop.transaction((tx) => startOperation(tx, start)));
const read = (id: string, headers = {}) =>
  shop.request({ method: "GET", url: `/api/operations/${id}`, headers }) as Promise<{
    status: number;
    headers: Record<string, string>;
    body: Operation;
  }>;

test("an operation is answered from its start with Retry-After, and is never cached", async () => {
  const id = await begin();
  const { status, headers, body } = await read(id);
  expect([status, headers["retry-after"], headers["cache-control"]]).toEqual([200, "1", "no-store"]);
  expect(body).toEqual({
    name: `operations/${id}`,
    done: false,
    metadata: {
      kind: "checkout",
      orderId: "o1",
      progressPercent: 0,
      steps: [
        { name: "reserve", state: "pending", at: null },
        { name: "pay", state: "pending", at: null },
      ],
      createTime: shop.clock.now().toISOString(),
      updateTime: shop.clock.now().toISOString(),
    },
  });
});

test("an unknown, malformed or foreign operation is a 404", async () => {
  expect((await read(uuidv7())).status).toBe(404);
  expect((await read("1")).status).toBe(404);
  expect((await read(await begin(), { "x-actor": "bob" })).status).toBe(404);
  expect((await read(await begin(), { "x-actor": "ann" })).status).toBe(200);
});

test("a failed operation is a 200 with its error and without Retry-After", async () => {
  const id = await begin();
  await shop.transaction((tx) =>
    failOperation(tx, id, { type: "/problems/rule-broken", rule: "payment-declined" }),
  );
  const { status, headers, body } = await read(id);
  expect([status, headers["retry-after"], body.done, body.error]).toMatchObject([
    200,
    undefined,
    true,
    { rule: "payment-declined" },
  ]);
});

test("a client that waits is answered as soon as a commit of this process ends the operation", async () => {
  const id = await begin();
  const waiting = read(id, { prefer: "wait=20" });
  await until("the client waits", () => shop.runtime.live.size === 1);
  await shop.transaction((tx) => completeOperation(tx, id, { orderId: "o1" }));
  shop.runtime.live.committed([id]);
  const { headers, body } = await waiting;
  expect([headers["preference-applied"], body.done, body.response]).toEqual([
    "wait=20",
    true,
    { orderId: "o1" },
  ]);
});

test("a client that waits is answered without a signal too", async () => {
  const id = await begin();
  const waiting = read(id, { prefer: "wait=20" });
  await until("the client waits", () => shop.runtime.live.size === 1);
  await shop.transaction((tx) => completeOperation(tx, id, {}));
  expect((await waiting).body.done).toBe(true);
});

test("when the time is up the answer says how far the operation is", async () => {
  const id = await begin();
  const waiting = read(id, { prefer: "wait=1" });
  await until("the client waits", () => shop.runtime.live.size === 1);
  await shop.transaction((tx) => reportStep(tx, id, "reserve", "done"));
  const { headers, body } = await waiting;
  expect([headers["retry-after"], headers["preference-applied"], body.metadata.progressPercent]).toEqual([
    "1",
    "wait=1",
    50,
  ]);
  expect(shop.runtime.live.size).toBe(0);
});

const finishNext = async (known: ReadonlySet<string>) => {
  const id = await until("the operation has begun", async () => {
    const { rows } = await shop.pool.query("select id from tidings_operations where not done");
    return rows.map(({ id }) => id as string).find((id) => !known.has(id));
  });
  await shop.transaction((tx) => completeOperation(tx, id, { orderId: "o1" }));
  shop.runtime.live.committed([id]);
};

const openIds = async () =>
  new Set((await shop.pool.query("select id from tidings_operations")).rows.map(({ id }) => id as string));

test("the start of a workflow is a 202 that says where its operation is", async () => {
  const { status, headers, body } = await shop.request({ url: "/checkout" });
  expect([status, headers["retry-after"], headers.location]).toEqual([
    202,
    "1",
    `/api/${(body as Operation).name}`,
  ]);
  expect(headers).toHaveProperty("consistency-token");
});

test("the start of a workflow waits for its end when the client prefers to, also under a repeated key", async () => {
  const headers = { prefer: "wait=20", "idempotency-key": uuidv7() };
  const known = await openIds();
  const [first] = await Promise.all([shop.request({ url: "/checkout", headers }), finishNext(known)]);
  expect([first.status, first.headers["preference-applied"], (first.body as Operation).done]).toEqual([
    200,
    "wait=20",
    true,
  ]);
  expect(first.headers).not.toHaveProperty("retry-after");
  const again = await shop.request({ url: "/checkout", headers });
  expect([again.status, again.body, again.headers["idempotent-replayed"]]).toEqual([200, first.body, "true"]);
});

test("a workflow that does not end in time is a 202, and so is one whose route does not wait", async () => {
  const headers = { prefer: "wait=1" };
  const late = await shop.request({ url: "/checkout", headers });
  expect([late.status, late.headers["preference-applied"]]).toEqual([202, "wait=1"]);
  const never = await shop.request({ url: "/no-wait", headers });
  expect([never.status, never.headers["preference-applied"]]).toEqual([202, undefined]);
});
