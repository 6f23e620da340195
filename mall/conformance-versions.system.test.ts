import { money } from "@mall/common/money";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectProblem, type Outside, openMall, type RawAnswer } from "./conformance.fixture.ts";
import { addressOf, type Route, routesOf } from "./conformance-routes.fixture.ts";
import { approvedOrder } from "./conformance-scene.fixture.ts";
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

describe("the version of an aggregate", () => {
  it("is in the answer to each read and each change of it, and a change raises it", async () => {
    const scene = await mall.newScene();
    const { storeId, productId, customerId, basketId, botId, availableListId, collectedListId } = scene;
    const assigned = `/api/shopping-lists/${scene.assigned.listId}`;
    const stop = `${assigned}/stops/${scene.assigned.storeId}/collect`;
    const assign = `/api/shopping-lists/${availableListId}/assign`;
    const complete = `/api/shopping-lists/${collectedListId}/complete`;
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
      [`/api/shopping-lists/${availableListId}`, "POST", assign, { botId }],
      [assigned, "POST", stop],
      [`/api/shopping-lists/${collectedListId}`, "POST", complete],
      [`/api/invoices/${scene.invoiceId}`, "POST", `/api/invoices/${scene.invoiceId}/pay`],
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

  it("is in the answer to what is made or read", async () => {
    const { orderId, paymentId, botId } = mall.scene;
    for (const path of [`orders/${orderId}`, `payments/${paymentId}`, `bots/${botId}`]) {
      const { headers } = await mall.send("GET", `/api/${path}`);
      expect([path, headers.get("etag")]).toEqual([path, expect.stringMatching(/^"[1-9]\d*"$/)]);
    }
    for (const route of await freshRoutes()) {
      const answer = await sendRoute(route);
      if (answer.status === 201 && !route.path.startsWith("/api/live"))
        expect([route.path, answer.headers.get("etag")]).toEqual([route.path, '"1"']);
    }
  });

  it("is checked at a cancellation as well", async () => {
    const { orderId } = await approvedOrder(mall.newVisitor());
    const path = `/api/orders/${orderId}`;
    const version = (await mall.send("GET", path)).headers.get("etag") ?? "";
    const cancel = (ifMatch: string) =>
      mall.send("POST", `${path}/cancel`, { headers: { "if-match": ifMatch } });
    for (const stale of ['"1"', '"999"', `W/${version}`])
      expectProblem(await cancel(stale), 412, "stale-version");
    expect((await mall.send("GET", path)).headers.get("etag")).toBe(version);
    expect((await cancel(`"999", ${version}`)).status).toBe(202);
    expectProblem(await cancel(version), 412, "stale-version");
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
    const isOfOneThing = ({ path }: Route) => !path.includes("/stops/{id}");
    const writes = (await freshRoutes()).filter(({ id, method }) => id && method !== "GET");
    for (const route of writes.filter(isOfOneThing)) {
      const headers = { "if-match": '"1"', "content-type": "application/json" };
      const body = route.body && JSON.stringify(route.body);
      const path = addressOf(route, unknownId);
      const answer = await mall.send(route.method, path, { headers, ...(body && { body }) });
      expectProblem(answer, 404, "not-found");
    }
  });
});
