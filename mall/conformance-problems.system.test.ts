import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectProblem, type Outside, openMall } from "./conformance.fixture.ts";
import { addressOf, patternOf, routesOf, unlikeOthers } from "./conformance-routes.fixture.ts";
import { unknownId } from "./mall.fixture.ts";

let mall: Outside;
beforeAll(async () => {
  mall = await openMall();
});
afterAll(() => mall?.close());

const json = { "content-type": "application/json" };

/** Every route that takes a body. */
function withBody() {
  return routesOf(mall.scene).filter(({ body }) => body !== undefined);
}

/** Every route that changes something. */
function writes() {
  return routesOf(mall.scene).filter(({ method }) => method !== "GET");
}

describe("these tests", () => {
  it("know every route that the Mall has under /api", () => {
    const registered = mall.routes
      .map(({ name }) => name)
      .filter((name) => name.includes(" /api/") && !name.startsWith("HEAD "));
    const known = new Set(routesOf(mall.scene).map(patternOf));
    const missing = registered.filter(
      (name) => !known.has(name.replace(/:\w+/g, "{}")) && !unlikeOthers.includes(name),
    );
    expect(missing).toEqual([]);
    expect(registered.length).toBeGreaterThan(40);
  });
});

describe("a problem", () => {
  it("names the address that was asked for, without the query", async () => {
    const answer = await mall.send("GET", `/api/stores/${unknownId}?x=1`);
    expect(expectProblem(answer, 404, "not-found").instance).toBe(`/api/stores/${unknownId}`);
  });

  it("is described at the address that is its type", async () => {
    const { status, text } = await mall.send("GET", "/problems/not-found");
    expect([status, JSON.parse(text)]).toMatchObject([200, { type: "/problems/not-found", status: 404 }]);
    expectProblem(await mall.send("GET", "/problems/of-nobody"), 404, "not-found");
  });
});

describe("an address", () => {
  it.each(["/api", "/api/shops", "/API/stores", "/api/stores/x/y/z", "/%", "/api/%ff"])(
    "that does not exist is a 404: %s",
    async (path) => {
      for (const method of ["GET", "POST", "DELETE"])
        expectProblem(await mall.send(method, path), 404, "not-found");
    },
  );

  it("that exists answers another method with 405 and those that it takes", async () => {
    const routes = routesOf(mall.scene);
    const addresses = routes.map((route) => [addressOf(route), route.method]);
    const others = unlikeOthers.map((name) => [
      name.split(" ")[1]?.replace(":asset", "swagger-ui.css"),
      "GET",
    ]);
    const all = [...addresses, ...others] as [string, string][];
    for (const path of new Set(all.map(([path]) => path))) {
      const taken = all.filter(([address]) => address === path).map(([, method]) => method);
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
        if (taken.includes(method)) continue;
        const answer = await mall.send(method, path, {
          ...(method !== "GET" && { body: "{", headers: json }),
        });
        expectProblem(answer, 405, "method-not-allowed");
        expect(answer.headers.get("allow")?.split(", ")).toEqual(expect.arrayContaining(taken));
        expect(answer.headers.get("allow")).not.toContain(method);
      }
    }
  });

  const malformed = ["42", "null", "%00", "%ff", "..%2f..", "a".repeat(300), `${unknownId}0`, "%F0%9F%9B%92"];

  it.each([unknownId, unknownId.toUpperCase(), ...malformed])(
    "with the id %s is a 404, whatever the route and the method",
    async (id) => {
      for (const route of routesOf(mall.scene).filter((route) => route.id)) {
        const path = addressOf(route, id);
        const answer = await (route.body
          ? mall.sendJson(route.method, path, route.body)
          : mall.send(route.method, path));
        expectProblem(answer, 404, "not-found");
      }
    },
  );
});

describe("a body", () => {
  it.each([
    ["that is cut off", "{"],
    ["that is no JSON", "name=x"],
    ["with something behind it", "{} {}"],
    ["with a NUL", '{"name":"a\u0000b"}'],
    ["that names __proto__", '{"__proto__":{"name":"x"}}'],
    ["that names __proto__ deep inside", '{"name":"x","y":{"__proto__":1}}'],
    ["that names a constructor's prototype", '{"constructor":{"prototype":{"x":1}}}'],
    ["that is a number without an end", "1e"],
  ])("%s is a 400 on every route", async (_, body) => {
    for (const route of writes()) {
      const answer = await mall.send(route.method, addressOf(route), { body, headers: json });
      expectProblem(answer, 400, "malformed-json");
    }
  });

  it.each(["", "null", "[]", "7", '"text"', "true", "{}"])("%j is a 422 on every route", async (body) => {
    for (const route of withBody().filter(({ method }) => method !== "PATCH" || body !== "{}")) {
      const answer = await mall.send(route.method, addressOf(route), { body, headers: json });
      const { errors } = expectProblem(answer, 422, "validation-failed");
      expect(errors?.length).toBeGreaterThan(0);
    }
  });

  it("that is left out is a 422 on every route", async () => {
    for (const route of withBody()) {
      expectProblem(await mall.send(route.method, addressOf(route)), 422, "validation-failed");
    }
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"])(
    "of the type %s is a 415 on every route",
    async (type) => {
      for (const route of writes()) {
        const body = JSON.stringify(route.body ?? {});
        const answer = await mall.send(route.method, addressOf(route), {
          body,
          headers: { "content-type": type },
        });
        expectProblem(answer, 415, "unsupported-media-type");
      }
    },
  );

  it("of 1 MiB is taken, one byte more is a 413 on every route", async () => {
    for (const route of writes()) {
      const body = JSON.stringify(route.body ?? {}).padEnd(1024 * 1024 + 1);
      const answer = await mall.send(route.method, addressOf(route), { body, headers: json });
      expectProblem(answer, 413, "payload-too-large");
    }
    const routes = routesOf(await mall.newScene()).filter(({ method }) => /POST|PUT|PATCH/.test(method));
    for (const route of routes) {
      const body = JSON.stringify(route.body ?? {}).padEnd(1024 * 1024);
      const { status } = await mall.send(route.method, addressOf(route), { body, headers: json });
      expect([route.path, status < 300]).toEqual([route.path, true]);
    }
  });

  it("that is nested very deeply is refused like any other wrong value", async () => {
    for (const depth of [101, 5_000, 250_000]) {
      for (const [left, right] of [
        ["[", "]"],
        ['{"a":', "}"],
      ] as const) {
        const levels = Math.min(depth, Math.floor(1_000_000 / (left.length + 1)));
        const body = `{"name":"Deep","location":"x","note":${left.repeat(levels)}1${right.repeat(levels)}}`;
        const answer = await mall.send("POST", "/api/stores", { body, headers: json });
        expect([400, 422]).toContain(answer.status);
        expect(answer.headers.get("content-type")).toBe("application/problem+json");
      }
    }
  });

  it("that is not UTF-8 is refused or repaired, never a fault", async () => {
    const bytes = new Uint8Array([
      ...Buffer.from('{"name":"'),
      0xff,
      0xfe,
      ...Buffer.from('","location":"x"}'),
    ]);
    const answer = await mall.send("POST", "/api/stores", { body: bytes, headers: json });
    expect([201, 400, 422]).toContain(answer.status);
  });
});

describe("an answer", () => {
  it("to what makes something says where it is, and it is there", async () => {
    const made = new Set<string>();
    for (const route of routesOf(await mall.newScene()).filter(({ method }) => method === "POST")) {
      const { status, headers, text } = await mall.sendJson("POST", addressOf(route), route.body ?? {});
      if (status === 200 || route.path.startsWith("/api/live")) continue;
      const [location = "", token = ""] = ["location", "consistency-token"].map(
        (name) => headers.get(name) ?? "",
      );
      const there = await mall.send("GET", location, { headers: { "consistency-token": token } });
      expect([route.path, there.status]).toEqual([route.path, 200]);
      const { id, name } = JSON.parse(text);
      made.add(`${status} ${patternOf({ ...route, path: location })}`);
      if (status === 201) {
        expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
        expect([JSON.parse(there.text), there.headers.get("etag")]).toEqual([
          JSON.parse(text),
          headers.get("etag"),
        ]);
      } else if (!route.path.includes("rebuild")) expect(location).toBe(`/api/${name}`);
    }
    expect([...made].sort()).toEqual([
      "201 POST /api/baskets/{}",
      "201 POST /api/bots/{}",
      "201 POST /api/customers/{}",
      "201 POST /api/payments/{}",
      "201 POST /api/products/{}",
      "201 POST /api/stores/{}",
      "202 POST /api/operations/{}",
      "202 POST /api/search/projections",
    ]);
  });

  it("is never a 200 with an empty body", async () => {
    for (const route of routesOf(mall.scene).filter(({ method }) => method === "GET")) {
      const { status, text } = await mall.send("GET", addressOf(route));
      expect([status, text.length > 1]).toEqual([200, true]);
    }
  });
});
