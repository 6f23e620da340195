import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectProblem, type Outside, openMall } from "./conformance.fixture.ts";
import { addressOf, listsOf, patternOf, routesOf, withQuery } from "./conformance-routes.fixture.ts";
import { addProduct, openStore, unknownId } from "./mall.fixture.ts";

let mall: Outside;
beforeAll(async () => {
  mall = await openMall();
});
afterAll(() => mall?.close());

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

describe("a value in a query", () => {
  it.each([
    ["/api/stores", "participating", ["maybe", "1", "TRUE"]],
    ["/api/invoices", "orderId", ["42", "null"]],
    ["/api/shopping-lists", "status", ["done", "PENDING", "pending,assigned"]],
    ["/api/search/products", "storeId", ["42"]],
    ["/api/search/products", "sort", ["relevance", "PRICE", "price;--", "-id"]],
    ["/api/search/products", "q", ["x".repeat(201), "a%00b", "a%09b"]],
    ["/api/search/orders", "status", ["done", "checkedOut"]],
    ...["customerId", "storeId", "productId"].map(
      (field) => ["/api/search/orders", field, ["42", "null", `${unknownId}0`]] as const,
    ),
    ...["from", "to"].map(
      (field) =>
        [
          "/api/search/orders",
          field,
          ["yesterday", "2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "1767225600"],
        ] as const,
    ),
    ...["/api/search/products minPrice", "/api/search/products maxPrice"].map(
      (name) =>
        [...(name.split(" ") as [string, string]), ["-1", "1.5", "1e3", "x", "9".repeat(17)]] as const,
    ),
    ...["minTotal", "maxTotal"].map(
      (field) => ["/api/search/orders", field, ["-1", "1.5", "1e3", "x", "9".repeat(17)]] as const,
    ),
  ] as const)("of %s is refused when %s is none, empty or there twice", async (path, field, values) => {
    const mayBeEmpty = field === "q";
    const twice = `${field}=${unknownId}&${field}=${unknownId}`;
    const queries = [
      ...values.map((value) => `${field}=${value}`),
      ...(mayBeEmpty ? [] : [`${field}=`]),
      twice,
    ];
    for (const query of queries) {
      const answer = await mall.send("GET", `${path}?${query}`);
      const { errors } = expectProblem(answer, 422, "validation-failed");
      expect(errors, query).toMatchObject([{ pointer: `/${field}` }]);
    }
  });

  it("that is not known is ignored", async () => {
    for (const { path } of await listsOf(mall.newVisitor))
      expect((await mall.send("GET", withQuery(path, "x=1&__proto__=2"))).status, path).toBe(200);
  });
});

describe("a list", () => {
  it("is one of those that these tests know", async () => {
    const lists = await listsOf(mall.newVisitor);
    const known = new Set(
      lists.map(({ path }) => patternOf({ method: "GET", path: path.split("?")[0] ?? "" })),
    );
    const found = new Set<string>();
    for (const route of routesOf(mall.scene).filter(({ method }) => method === "GET")) {
      const { items, next } = JSON.parse((await mall.send("GET", addressOf(route))).text);
      if (Array.isArray(items) && next !== undefined) found.add(patternOf(route));
    }
    expect([...found].sort()).toEqual([...known].filter((path) => !path.includes("?")).sort());
  });

  it("has 50 items unless it is asked for less or more, and 200 at most", async () => {
    const storeId = await openStore(mall.visitor);
    for (let n = 0; n < 201; n++) await addProduct(mall.visitor, storeId);
    for (const path of [`/api/stores/${storeId}/products?`, `/api/search/products?storeId=${storeId}`]) {
      for (const [limit, expected] of [
        ["", 50],
        ["&limit=1", 1],
        ["&limit=200", 200],
      ] as const) {
        const { body } = await mall.visitor<{ items: object[]; next: unknown }>(`GET ${path as "/"}${limit}`);
        expect([body.items.length, body.next]).toEqual([expected, expect.stringMatching(/^[\w-]+$/)]);
      }
    }
  });

  it("refuses a limit or a cursor that is none, or that comes twice", async () => {
    const limits = ["0", "201", "-1", "1.5", "", "x", "1e2", "%31%00", "999999999999999999999", "+1", "%201"];
    const queries = [
      ...limits.map((limit) => `limit=${limit}`),
      ...["limit=1&limit=2", "cursor=", "cursor=%00", "cursor=x&cursor=x", "cursor=%F0%9F%9B%92"],
      ...cursors,
    ];
    for (const { path } of await listsOf(mall.newVisitor)) {
      const isNamed = path.endsWith("/projections");
      for (const query of queries.filter((query) => !isNamed || query !== cursorOf(["x"]))) {
        const answer = await mall.send("GET", withQuery(path, query));
        const { errors } = expectProblem(answer, 422, "validation-failed");
        expect(errors, query).toMatchObject([{ pointer: `/${query.split("=")[0]}` }]);
      }
      for (const limit of [1, 200])
        expect((await mall.send("GET", withQuery(path, `limit=${limit}`))).status).toBe(200);
    }
  });

  it("takes no cursor of another list", async () => {
    const lists = await listsOf(mall.newVisitor);
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
