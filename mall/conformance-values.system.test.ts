import { money } from "@mall/common/money";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addressOf,
  expectProblem,
  listsOf,
  type Outside,
  openMall,
  routesOf,
} from "./conformance.fixture.ts";
import { create, fillBasket, unknownId } from "./mall.fixture.ts";

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
      for (const path of ["/api/stores", "/api/stores/{id}/products", "/api/customers"]) {
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
    ] as const) {
      const answer = await sendWith(method, path, { price: { amount: 1, currency } });
      expect(expectProblem(answer, 422, "validation-failed").errors).toMatchObject([
        { pointer: "/price/currency" },
      ]);
    }
  });
});

describe("a field that is not known", () => {
  it("is ignored on every route that takes a body", async () => {
    const scene = { ...mall.scene, ...(await fillBasket(mall.visitor)) };
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
    const { basketId } = mall.scene;
    for (const [path, field, rest] of [
      ["/api/baskets", "customerId", {}],
      [`/api/baskets/${basketId}/items`, "productId", { quantity: 1 }],
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

const forged = [
  [],
  {},
  "x",
  null,
  [null],
  ["x"],
  [{}],
  [1e300],
  [-1],
  [0],
  [1.5],
  [unknownId, unknownId],
  [[]],
];
const dates = ["0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "infinity", "2026-01-01", "now"];
const cursors = [...forged, ...dates.map((date) => [date, unknownId])].map(cursorOf);

function cursorOf(place: unknown): string {
  return `cursor=${Buffer.from(JSON.stringify(place)).toString("base64url")}`;
}

describe("a list", () => {
  it("refuses a limit or a cursor that is none, or that comes twice", async () => {
    const limits = ["0", "201", "-1", "1.5", "", "x", "1e2", "%31%00", "999999999999999999999", "+1", "%201"];
    const queries = [
      ...limits.map((limit) => `limit=${limit}`),
      ...["limit=1&limit=2", "cursor=", "cursor=%00", "cursor=x&cursor=x", "cursor=%F0%9F%9B%92"],
      ...cursors,
    ];
    for (const { path } of await listsOf(mall.visitor)) {
      for (const query of queries) {
        const answer = await mall.send("GET", `${path}?${query}`);
        const { errors } = expectProblem(answer, 422, "validation-failed");
        expect(errors, query).toMatchObject([{ pointer: `/${query.split("=")[0]}` }]);
      }
      for (const limit of [1, 200])
        expect((await mall.send("GET", `${path}?limit=${limit}`)).status).toBe(200);
    }
  });

  it("takes no cursor of another list", async () => {
    const lists = await listsOf(mall.visitor);
    const [stores, products, notifications] = lists;
    for (const list of [stores, notifications]) for (let n = 0; n < 2; n++) await list?.add();
    const next = async (path = "") => JSON.parse((await mall.send("GET", `${path}?limit=1`)).text).next;
    const ofNotifications = await mall.send(
      "GET",
      `${products?.path}?cursor=${await next(notifications?.path)}`,
    );
    expectProblem(ofNotifications, 422, "validation-failed");
    const ofStores = await mall.send("GET", `${notifications?.path}?cursor=${await next(stores?.path)}`);
    expectProblem(ofStores, 422, "validation-failed");
  });
});
