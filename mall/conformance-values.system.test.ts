import { money } from "@mall/common/money";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectProblem, type Outside, openMall } from "./conformance.fixture.ts";
import { addressOf, routesOf } from "./conformance-routes.fixture.ts";
import { create, unknownId } from "./mall.fixture.ts";

let mall: Outside;
beforeAll(async () => {
  mall = await openMall();
});
afterAll(() => mall?.close());

/** Sends a route's body with one field changed. */
function sendWith(method: string, path: string, change: object) {
  const route = routesOf(mall.scene).find((route) => route.method === method && route.path === path);
  if (!route) throw new Error(`There is no ${method} ${path}.`);
  return mall.sendJson(method, addressOf(route), { ...route.body, ...change });
}

describe("a text", () => {
  it.each([
    ["POST", "/api/stores", "name", 200],
    ["POST", "/api/stores", "location", 200],
    ["PUT", "/api/stores/{id}/name", "name", 200],
    ["POST", "/api/stores/{id}/products", "name", 200],
    ["POST", "/api/stores/{id}/products", "description", 4000],
    ["POST", "/api/stores/{id}/products", "sku", 64],
    ["PATCH", "/api/products/{id}", "name", 200],
    ["PATCH", "/api/products/{id}", "description", 4000],
    ["POST", "/api/customers", "name", 200],
    ["PUT", "/api/customers/{id}/sms-number", "smsNumber", 64],
    ["POST", "/api/bots", "name", 200],
  ])("%s %s takes a %s of %d characters and no more", async (method, path, field, limit) => {
    for (const letter of ["x", "ß", "🛒"]) {
      const text = letter.repeat(limit - 3) + String(Math.random()).slice(-3);
      const taken = await sendWith(method, path, { [field]: text });
      expect([taken.status < 300, JSON.parse(taken.text)[field]]).toEqual([true, text]);
      const { errors } = expectProblem(
        await sendWith(method, path, { [field]: `${text}x` }),
        422,
        "validation-failed",
      );
      expect(errors).toMatchObject([{ pointer: `/${field}` }]);
    }
  });

  it.each(["\u0000", "\t", "\r", "\u001b", "\u007f", "\u0085", "\ud800"])(
    "with %j in it is refused everywhere, with a newline it is not",
    async (character) => {
      for (const [method, path, field] of [
        ["POST", "/api/stores", "location"],
        ["POST", "/api/stores/{id}/products", "description"],
        ["PATCH", "/api/products/{id}", "name"],
        ["POST", "/api/customers", "name"],
        ["PUT", "/api/customers/{id}/sms-number", "smsNumber"],
        ["POST", "/api/bots", "name"],
        ["POST", "/api/payments", "cardToken"],
        ["POST", "/api/payments", "customerId"],
        ["POST", "/api/shopping-lists/{id}/assign", "botId"],
        ["POST", "/api/baskets", "customerId"],
        ["POST", "/api/baskets/{id}/checkout", "paymentId"],
      ] as const) {
        const { errors } = expectProblem(
          await sendWith(method, path, { [field]: `a${character}b` }),
          422,
          "validation-failed",
        );
        expect(errors).toMatchObject([{ pointer: `/${field}` }]);
      }
      expect((await sendWith("POST", "/api/stores", { name: "a\nb" })).status).toBe(201);
    },
  );

  it.each(["", "   ", "\n", "\u00a0\u3000", null, 7, true, ["x"], { a: 1 }])(
    "must not be %j where a name is wanted",
    async (name) => {
      for (const path of ["/api/stores", "/api/stores/{id}/products", "/api/customers", "/api/bots"]) {
        expectProblem(await sendWith("POST", path, { name }), 422, "validation-failed");
      }
    },
  );
});

describe("a number", () => {
  it.each(["1e400", "-1e400", "9007199254740993", "1.5", "-1", "1e21", '"5"', "null", "0.1e-400"])(
    "%s is no quantity and no price",
    async (number) => {
      const headers = { "content-type": "application/json" };
      const { basketId, productId } = mall.scene;
      const item = `{"productId":"${productId}","quantity":${number}}`;
      const items = await mall.send("POST", `/api/baskets/${basketId}/items`, { body: item, headers });
      expectProblem(items, 422, "validation-failed");
      if (number === "0.1e-400") return;
      const price = `{"price":{"amount":${number},"currency":"USD"}}`;
      const priced = await mall.send("PUT", `/api/products/${productId}/price`, { body: price, headers });
      for (const { pointer } of expectProblem(priced, 422, "validation-failed").errors ?? [])
        expect(pointer).toBe("/price/amount");
    },
  );

  it("is answered as it was sent, up to the highest price and the largest basket", async () => {
    const { storeId, customerId } = mall.scene;
    const product = { name: "Dear", description: "", sku: "DEAR", price: money(10_000_000_000) };
    const productId = await create(mall.visitor, `POST /api/stores/${storeId}/products`, product);
    const basketId = await create(mall.visitor, "POST /api/baskets", { customerId });
    const { body } = await mall.visitor(`POST /api/baskets/${basketId}/items`, { productId, quantity: 999 });
    expect(body).toMatchObject({ total: money(9_990_000_000_000) });
  });
});

describe("another currency", () => {
  it.each(["EUR", "usd", "", "USDX", null, 840])("%j is a 422 that names it", async (currency) => {
    for (const [method, path] of [
      ["POST", "/api/stores/{id}/products"],
      ["PUT", "/api/products/{id}/price"],
      ["POST", "/api/payments"],
    ] as const) {
      const field = path === "/api/payments" ? "amount" : "price";
      const answer = await sendWith(method, path, { [field]: { amount: 1, currency } });
      expect(expectProblem(answer, 422, "validation-failed").errors).toMatchObject([
        { pointer: `/${field}/currency` },
      ]);
    }
  });
});

describe("a field that is not known", () => {
  it("is ignored on every route that takes a body", async () => {
    const scene = await mall.newScene();
    const extra = { id: unknownId, version: 7, status: "cancelled", total: money(0), hasOwnProperty: 1 };
    for (const { body, ...route } of routesOf(scene)) {
      if (!body) continue;
      const { status, text } = await mall.sendJson(route.method, addressOf(route), { ...extra, ...body });
      expect([route.path, status < 300]).toEqual([route.path, true]);
      expect(text).not.toContain(unknownId);
      expect(text).not.toContain("hasOwnProperty");
    }
  });
});

describe("an id in a body", () => {
  it("that is unknown is a 404, that is malformed a 422", async () => {
    const { basketId, availableListId } = mall.scene;
    for (const [path, field, rest] of [
      ["/api/baskets", "customerId", {}],
      [`/api/baskets/${basketId}/items`, "productId", { quantity: 1 }],
      ["/api/payments", "customerId", { amount: money(1), cardToken: "tok_ok" }],
      [`/api/shopping-lists/${availableListId}/assign`, "botId", {}],
    ] as const) {
      expectProblem(await mall.sendJson("POST", path, { ...rest, [field]: unknownId }), 404, "not-found");
      for (const id of ["", "42", `{${unknownId}}`, unknownId.replaceAll("-", ""), null, 42, [unknownId]]) {
        const answer = await mall.sendJson("POST", path, { ...rest, [field]: id });
        expect(expectProblem(answer, 422, "validation-failed").errors).toMatchObject([
          { pointer: `/${field}` },
        ]);
      }
    }
  });
});
