import { money } from "@mall/common/money";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addressOf,
  expectProblem,
  type Outside,
  openMall,
  type RawAnswer,
  type Route,
  routesOf,
} from "./conformance.fixture.ts";
import { checkOut, fillBasket, unknownId } from "./mall.fixture.ts";

let mall: Outside;
beforeAll(async () => {
  mall = await openMall();
});
afterAll(() => mall?.close());

async function freshRoutes(): Promise<Route[]> {
  return routesOf({ ...mall.scene, ...(await fillBasket(mall.visitor)) });
}

function sendRoute(route: Route, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const { method, body } = route;
  return body
    ? mall.sendJson(method, addressOf(route), body, headers)
    : mall.send(method, addressOf(route), { headers });
}

describe("the version of an aggregate", () => {
  it("is in the answer to each read and each change of it, and a change raises it", async () => {
    const { storeId, productId, customerId, basketId } = await fillBasket(mall.visitor);
    const changes: [string, Route["method"], string, object?][] = [
      [`/api/stores/${storeId}`, "PUT", `/api/stores/${storeId}/name`, { name: "New" }],
      [`/api/stores/${storeId}`, "PUT", `/api/stores/${storeId}/participation`, { participating: false }],
      [`/api/stores/${storeId}`, "PUT", `/api/stores/${storeId}/participation`, { participating: true }],
      [`/api/products/${productId}`, "PATCH", `/api/products/${productId}`, { description: "New" }],
      [`/api/products/${productId}`, "PUT", `/api/products/${productId}/price`, { price: money(1) }],
      [`/api/customers/${customerId}`, "PUT", `/api/customers/${customerId}/enabled`, { enabled: false }],
      [`/api/customers/${customerId}`, "PUT", `/api/customers/${customerId}/sms-number`, { smsNumber: "1" }],
      [`/api/baskets/${basketId}`, "POST", `/api/baskets/${basketId}/items`, { productId, quantity: 1 }],
      [`/api/baskets/${basketId}`, "DELETE", `/api/baskets/${basketId}/items/${productId}?quantity=1`],
      [`/api/baskets/${basketId}`, "DELETE", `/api/baskets/${basketId}`],
    ];
    for (const [resource, method, path, body] of changes) {
      const before = (await mall.send("GET", resource)).headers.get("etag") ?? "";
      const change = (ifMatch: string) => {
        const headers = { "if-match": ifMatch, "content-type": "application/json" };
        return mall.send(method, path, { headers, ...(body && { body: JSON.stringify(body) }) });
      };
      for (const stale of ['"0"', '"999"', `W/${before}`, "1", '"x"', '"', '""']) {
        expectProblem(await change(stale), 412, "stale-version");
      }
      expect((await mall.send("GET", resource)).headers.get("etag")).toBe(before);
      const changed = await change(`"999", ${before}`);
      const after = `"${Number(before.slice(1, -1)) + 1}"`;
      expect([path, changed.status, changed.headers.get("etag")]).toEqual([path, 200, after]);
      const read = await mall.send("GET", resource);
      expect([read.headers.get("etag"), JSON.parse(read.text)]).toEqual([after, JSON.parse(changed.text)]);
      expectProblem(await change(before), 412, "stale-version");
    }
    expectProblem(
      await mall.send("DELETE", `/api/products/${productId}`, { headers: { "if-match": '"1"' } }),
      412,
      "stale-version",
    );
  });

  it("is checked at a checkout as well", async () => {
    const { basketId } = await fillBasket(mall.visitor);
    const version = (await mall.send("GET", `/api/baskets/${basketId}`)).headers.get("etag") ?? "";
    const attempts = [`"1"`, version].map((ifMatch) =>
      checkOut(mall.api, basketId, {}, { "if-match": ifMatch }),
    );
    expect((await Promise.all(attempts)).map(({ status }) => status)).toEqual([412, 202]);
  });

  it("does not matter for what does not exist", async () => {
    for (const route of (await freshRoutes()).filter(({ id, method }) => id && method !== "GET")) {
      const headers = { "if-match": '"1"', "content-type": "application/json" };
      const body = route.body && JSON.stringify(route.body);
      const path = addressOf(route, unknownId);
      const answer = await mall.send(route.method, path, { headers, ...(body && { body }) });
      expectProblem(answer, 404, "not-found");
    }
  });
});

/** A token of baskets at a position that it will not reach: what a client of a Mall restored from a backup may hold. */
const future = Buffer.from(JSON.stringify({ stores: "0.zzzzzzz", baskets: "0.zzzzzzz" })).toString(
  "base64url",
);

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
      for (const route of await freshRoutes()) {
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
    const behind = (await freshRoutes()).filter(({ path }) => /baskets|orders|notifications/.test(path));
    const startedAt = performance.now();
    const answers = await Promise.all(
      behind.map((route) => sendRoute(route, { "consistency-token": future })),
    );
    const took = performance.now() - startedAt;
    for (const answer of answers) {
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
