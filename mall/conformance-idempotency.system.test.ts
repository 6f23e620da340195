import { money } from "@mall/common/money";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectProblem, type Outside, openMall, type RawAnswer } from "./conformance.fixture.ts";
import { addressOf, type Route, routesOf } from "./conformance-routes.fixture.ts";
import { readyOrder } from "./conformance-scene.fixture.ts";
import { fillBasket, openStore, unknownId } from "./mall.fixture.ts";

let mall: Outside;
beforeAll(async () => {
  mall = await openMall();
});
afterAll(() => mall?.close());

/** Every POST, each on things of its own. A ticket is made anew whenever one is asked for. */
async function posts(): Promise<Route[]> {
  const routes = routesOf(await mall.newScene());
  return routes.filter(({ method, path }) => method === "POST" && path !== "/api/live/tickets");
}

let keys = 0;
const newKey = () => `key-${++keys}`;

function post(route: Route, key: string, change: object = {}): Promise<RawAnswer> {
  const body = { ...route.body, ...change };
  return mall.sendJson("POST", addressOf(route), body, { "idempotency-key": key });
}

/** What a repeat must answer alike. */
function heart({ status, headers, text }: RawAnswer) {
  const [location, etag, type] = ["location", "etag", "content-type"].map((name) => headers.get(name));
  return { status, text, location, etag, type };
}

describe("a POST with an Idempotency-Key", () => {
  it("is answered alike when it is repeated, on every route", async () => {
    for (const route of await posts()) {
      const key = newKey();
      const first = await post(route, key);
      expect([route.path, first.status < 300]).toEqual([route.path, true]);
      for (const again of [key, `"${key}"`]) expect(heart(await post(route, again))).toEqual(heart(first));
      expect((await post(route, key)).headers.get("consistency-token")).toBeTruthy();
    }
  });

  it("is a 422 with another body, on every route", async () => {
    for (const route of await posts()) {
      const key = newKey();
      const first = await post(route, key);
      expectProblem(await post(route, key, { other: true }), 422, "idempotency-key-reused");
      expectProblem(await post(route, key, { name: 5, customerId: 5 }), 422, "idempotency-key-reused");
      expect(heart(await post(route, key))).toEqual(heart(first));
    }
  });

  it("is carried out once when it comes ten times at once, on every route", async () => {
    for (const route of await posts()) {
      const key = newKey();
      const answers = await Promise.all(Array.from({ length: 10 }, () => post(route, key)));
      const final = heart(await post(route, key));
      expect([route.path, final.status < 300]).toEqual([route.path, true]);
      for (const answer of answers) {
        if (answer.status === 409) {
          expectProblem(answer, 409, "request-in-progress");
          expect(answer.headers.get("retry-after")).toBeTruthy();
        } else expect(heart(answer)).toEqual(final);
      }
    }
  });

  it("is refused alike later, when it would be possible by then", async () => {
    const storeId = await openStore(mall.visitor);
    const product = { name: "Ink", description: "", sku: "ONE", price: money(1) };
    const [path, key] = [`/api/stores/${storeId}/products`, newKey()];
    const { id } = JSON.parse((await mall.sendJson("POST", path, product)).text);
    const refused = await mall.sendJson("POST", path, product, { "idempotency-key": key });
    expect(expectProblem(refused, 409, "rule-broken").rule).toBe("sku-already-used");
    expect((await mall.send("DELETE", `/api/products/${id}`)).status).toBe(204);
    const again = await mall.sendJson("POST", path, product, { "idempotency-key": key });
    expect(heart(again)).toEqual(heart(refused));
    expect((await mall.sendJson("POST", path, product)).status).toBe(201);
  });

  it("keeps an answer about what is missing or wrong as well", async () => {
    const wrong: [string, object, number, string][] = [
      [`/api/baskets/${unknownId}/items`, { productId: unknownId, quantity: 1 }, 404, "not-found"],
      ["/api/stores/42/products", {}, 404, "not-found"],
      ["/api/baskets", { customerId: "mina" }, 422, "validation-failed"],
    ];
    for (const [path, body, status, slug] of wrong) {
      const headers = { "idempotency-key": newKey() };
      const first = await mall.sendJson("POST", path, body, headers);
      expectProblem(first, status, slug);
      expect(heart(await mall.sendJson("POST", path, body, headers))).toEqual(heart(first));
      const other = await mall.sendJson("POST", path, { ...body, other: 1 }, headers);
      expectProblem(other, 422, "idempotency-key-reused");
    }
  });

  it("that names an old version is stale for good", async () => {
    const { basketId, productId } = await fillBasket(mall.visitor);
    const path = `/api/baskets/${basketId}/items`;
    const headers = { "idempotency-key": newKey(), "if-match": '"1"' };
    for (let n = 0; n < 2; n++) {
      const answer = await mall.sendJson("POST", path, { productId, quantity: 1 }, headers);
      expectProblem(answer, 412, "stale-version");
    }
  });

  it("has its effect once, however often it is repeated", async () => {
    const { basketId, productId } = await fillBasket(mall.visitor);
    const route: Route = {
      method: "POST",
      path: `/api/baskets/${basketId}/items`,
      body: { productId, quantity: 5 },
    };
    for (let n = 0; n < 3; n++) expect((await post(route, "five-more")).status).toBe(200);
    expect(JSON.parse((await mall.send("GET", `/api/baskets/${basketId}`)).text).items[0].quantity).toBe(7);
  });
});

describe("a POST that concerns the card processor", () => {
  interface Ledger {
    readonly holds: readonly { readonly reference: string; readonly requests: number }[];
    readonly captures: readonly { readonly reference: string }[];
  }
  const ledger = async () => (await mall.api<Ledger>("GET /processor/ledger")).body;

  it("under one key makes one hold, and one capture, however often it comes", async () => {
    const order = await readyOrder(mall.newVisitor());
    const amount = money(77_001);
    const body = { customerId: order.customerId, amount, cardToken: "tok_flaky" };
    const hold: Route = { method: "POST", path: "/api/payments", body };
    const pay: Route = { method: "POST", path: `/api/invoices/${order.invoiceId}/pay` };
    const repeated = [hold, pay].flatMap((route) => Array.from({ length: 5 }, () => post(route, route.path)));
    for (const answer of await Promise.all(repeated))
      if (answer.status >= 300) expectProblem(answer, 409, "request-in-progress");
    const { id } = JSON.parse((await post(hold, hold.path)).text);
    expect(JSON.parse((await post(pay, pay.path)).text)).toMatchObject({ status: "paid" });
    const { holds, captures } = await ledger();
    const sameAmount = holds.filter((hold) => JSON.stringify(hold).includes(`${amount.amount}`));
    expect(sameAmount.map(({ reference }) => reference)).toEqual([id]);
    expect(captures.filter(({ reference }) => reference === order.paymentId)).toHaveLength(1);
  });

  it("that is declined is answered alike later", async () => {
    const { customerId } = mall.scene;
    for (const [cardToken, declineReason] of [
      ["tok_declined", "card-declined"],
      ["tok_insufficient_funds", "insufficient-funds"],
    ] as const) {
      const body = { customerId, amount: money(5), cardToken };
      const route: Route = { method: "POST", path: "/api/payments", body };
      const first = await post(route, cardToken);
      expect([first.status, JSON.parse(first.text)]).toMatchObject([
        201,
        { status: "declined", declineReason },
      ]);
      expect(heart(await post(route, cardToken))).toEqual(heart(first));
    }
  });
});

describe("an Idempotency-Key", () => {
  const open = (key: string) => {
    return mall.sendJson("POST", "/api/stores", { name: "Keyed", location: "x" }, { "idempotency-key": key });
  };

  it("has at most 255 characters, and is not empty", async () => {
    const longest = "k".repeat(255);
    const first = await open(longest);
    expect([first.status, heart(await open(`"${longest}"`))]).toEqual([201, heart(first)]);
    for (const key of ["k".repeat(256), '""', "sch\u00fc"]) {
      expectProblem(await open(key), 422, "validation-failed");
    }
  });

  it("is its own in another case and with a blank inside, and the order of the fields is none of it", async () => {
    const ids = new Set<string>();
    for (const key of ["Case", "case", "ca se", "'; drop table stores; --"]) {
      ids.add(JSON.parse((await open(key)).text).id);
    }
    expect(ids.size).toBe(4);
    const turned = { location: "x", name: "Keyed" };
    const answer = await mall.sendJson("POST", "/api/stores", turned, { "idempotency-key": "Case" });
    expect(ids).toContain(JSON.parse(answer.text).id);
  });

  it("brings the waiting shopper the finished operation, and a repeat the same order", async () => {
    const { basketId } = await fillBasket(mall.visitor);
    const path = `/api/baskets/${basketId}/checkout`;
    const headers = { "idempotency-key": newKey() };
    const checkOut = (more: object) =>
      mall.sendJson("POST", path, { paymentId: unknownId }, { ...headers, ...more });
    const first = JSON.parse((await checkOut({})).text);
    const waited = await checkOut({ prefer: "wait=10" });
    expect(waited.status).toBe(200);
    expect(JSON.parse(waited.text)).toMatchObject({
      name: first.name,
      done: true,
      metadata: { orderId: first.metadata.orderId },
    });
  });
});
