import { money } from "@mall/common/money";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectProblem, type Outside, openMall, type RawAnswer } from "./conformance.fixture.ts";
import { addressOf, type Route, routesOf } from "./conformance-routes.fixture.ts";
import { collectedOrder } from "./conformance-scene.fixture.ts";
import { checkOut, fillBasket, unknownId } from "./mall.fixture.ts";

let mall: Outside;
beforeAll(async () => {
  mall = await openMall();
});
afterAll(() => mall?.close());

async function freshRoutes(): Promise<Route[]> {
  return routesOf(await mall.newScene());
}

function sendRoute(route: Route, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const { method, body } = route;
  return body
    ? mall.sendJson(method, addressOf(route), body, headers)
    : mall.send(method, addressOf(route), { headers });
}

/** A token of baskets at a position that it will not reach: what a client of a Mall restored from a backup may hold. */
const future = tokenOf("stores", "baskets");

function tokenOf(...services: string[]): string {
  const positions = services.map((service) => [service, "0.zzzzzzz"]);
  return Buffer.from(JSON.stringify(Object.fromEntries(positions))).toString("base64url");
}

/** Each service that learns from others, and one of those, directly or not; by the begin of its addresses. */
const dependences: readonly (readonly [path: string, source: string])[] = [
  ["/api/baskets", "stores"],
  ["/api/baskets", "customers"],
  ["/api/orders", "baskets"],
  ["/api/orders", "depot"],
  ["/api/orders", "payments"],
  ["/api/payments", "customers"],
  ["/api/invoices", "ordering"],
  ["/api/invoices", "depot"],
  ["/api/bots", "stores"],
  ["/api/shopping-lists", "stores"],
  ["/api/search/products", "stores"],
  ["/api/search/orders", "ordering"],
  ["/api/search/orders", "payments"],
  ["/api/search/projections", "ordering"],
  ["/api/customers/{id}/notifications", "depot"],
  ["/api/customers/{id}/notifications", "baskets"],
];

describe("a Consistency-Token", () => {
  it("comes with every answer to a write", async () => {
    for (const route of (await freshRoutes()).filter(({ method }) => method !== "GET")) {
      expect((await sendRoute(route)).headers.get("consistency-token"), route.path).toBeTruthy();
      const refused = await mall.send(route.method, addressOf(route, "42"));
      if (route.id) expect(refused.headers.get("consistency-token"), route.path).not.toBeNull();
    }
  });

  it("that is none is a 422 for every service", async () => {
    for (const token of ["x", "!!", "e30x", "W10", "bnVsbA", "a".repeat(10_000), `${future}=`]) {
      for (const route of routesOf(mall.scene)) {
        if (route.path.startsWith("/api/operations")) continue;
        const { errors } = expectProblem(
          await sendRoute(route, { "consistency-token": token }),
          422,
          "validation-failed",
        );
        expect(errors?.length).toBe(1);
      }
    }
  });

  it("that is not reached in two seconds is a 503 that says when to come again", async () => {
    const routes = await freshRoutes();
    const behind = dependences.flatMap(([begin, source]) =>
      routes.filter(({ path }) => path.startsWith(begin)).map((route) => ({ route, source })),
    );
    expect(behind.length).toBeGreaterThan(30);
    const startedAt = performance.now();
    const answers = await Promise.all(
      behind.map(({ route, source }) => sendRoute(route, { "consistency-token": tokenOf(source) })),
    );
    const took = performance.now() - startedAt;
    for (const [index, answer] of answers.entries()) {
      const { route, source } = behind[index] as (typeof behind)[number];
      expect([source, route.path, answer.status]).toEqual([source, route.path, 503]);
      expectProblem(answer, 503, "read-model-behind");
      expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
    }
    expect(took).toBeGreaterThan(1_900);
    expect(took).toBeLessThan(4_000);
  });

  it("that is not reached does not hold up who does not depend on it, or who sends none", async () => {
    const startedAt = performance.now();
    const headers = { "consistency-token": future };
    for (const path of ["/api/stores", `/api/customers/${mall.scene.customerId}`]) {
      expect((await mall.send("GET", path, { headers })).status).toBe(200);
    }
    expect((await mall.send("GET", `/api/baskets/${mall.scene.basketId}`)).status).toBe(200);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
  });

  it("is kept under a key that was not reached: the same request later is carried out", async () => {
    const { basketId } = await fillBasket(mall.visitor);
    const key = { "idempotency-key": `behind-${basketId}` };
    const behind = await checkOut(mall.api, basketId, {}, { ...key, "consistency-token": future });
    expect(behind.status).toBe(503);
    expect((await checkOut(mall.api, basketId, {}, key)).status).toBe(202);
  });

  it("covers the one that the request carried, whatever became of the request", async () => {
    const json = { "content-type": "application/json", "consistency-token": future };
    const store = JSON.stringify({ name: "Cumulative", location: "x" });
    const requests: [string, string, string, Record<string, string>?][] = [
      ["POST", "/api/stores", store],
      ["POST", "/api/stores", "{"],
      ["POST", "/api/stores", "{}"],
      ["POST", "/api/stores", store, { "content-type": "text/plain" }],
      ["POST", "/api/stores", store.padEnd(1024 * 1024 + 1)],
      ["PUT", "/api/stores/42/name", store],
      ["PUT", `/api/stores/${unknownId}/name`, store],
      ["PUT", `/api/stores/${mall.scene.storeId}/name`, store, { "if-match": '"0"' }],
      ["POST", "/api/stores", "{", { "idempotency-key": "cumulative" }],
      ["POST", "/api/stores", store, { "idempotency-key": "" }],
      ["POST", "/api/customers", store],
    ];
    const statuses = await Promise.all(
      requests.map(async ([method, path, body, headers]) => {
        const answer = await mall.send(method, path, { body, headers: { ...json, ...headers } });
        const token = answer.headers.get("consistency-token") ?? "";
        const headersThen = { "consistency-token": token };
        return [
          answer.status,
          (await mall.send("GET", `/api/baskets/${unknownId}`, { headers: headersThen })).status,
        ];
      }),
    );
    expect(statuses).toEqual(
      [201, 400, 422, 415, 413, 404, 404, 412, 400, 422, 422].map((status) => [status, 503]),
    );
  });

  it("lets each service see what comes of a write, also through other services", async () => {
    for (let round = 0; round < 5; round++) {
      const visitor = mall.newVisitor();
      const { orderId, listId, customerId } = await collectedOrder(visitor);
      const seen = async () => {
        const first = async (path: string) =>
          (await visitor<{ items: object[] }>(`GET ${path as "/"}`)).body.items[0];
        return {
          inbox: await first(`/api/customers/${customerId}/notifications`),
          found: await first(`/api/search/orders?customerId=${customerId}`),
          order: (await visitor(`GET /api/orders/${orderId}`)).body,
        };
      };
      await visitor(`POST /api/shopping-lists/${listId}/complete`);
      const invoices = await visitor<{ items: { id: string }[] }>(`GET /api/invoices?orderId=${orderId}`);
      expect(invoices.body.items).toMatchObject([{ orderId, amount: money(2598), status: "pending" }]);
      const ready = {
        inbox: { kind: "ready", orderId },
        found: { status: "ready" },
        order: { status: "ready" },
      };
      expect(await seen()).toMatchObject(ready);
      await visitor(`POST /api/invoices/${invoices.body.items[0]?.id}/pay`);
      const status = "completed";
      const completed = { inbox: { kind: "paid", orderId }, found: { status }, order: { status } };
      expect(await seen()).toMatchObject(completed);
    }
  });

  it("that is handed from service to service lets each see what all before it did", async () => {
    for (let round = 0; round < 10; round++) {
      const visitor = mall.newVisitor();
      const { basketId, productId } = await fillBasket(visitor);
      await visitor(`PUT /api/products/${productId}/price`, { price: money(7) });
      await visitor("POST /api/stores", { name: "Unrelated", location: "x" });
      const { body } = await visitor<{ items: object[] }>(`GET /api/baskets/${basketId}`);
      expect(body.items).toMatchObject([{ priceChanged: { to: money(7) } }]);
    }
  });
});
