import { type Access, type Role, roles } from "@mall/common/access";
import { type Api, httpClient } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { startTestHost, type TestHost, until } from "@tidings/testing";
import { SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testSecret, tokenFor } from "./access.fixture.ts";
import { addItem, checkOut, create, fillBasket, register, unknownId } from "./mall.fixture.ts";
import { createMall } from "./mall.ts";

/** Who may call what, besides operators: decided here a second time, so that a new route is decided about twice. */
const decisions: Readonly<Record<string, Access>> = {
  "GET /": "public",
  "GET /livez": "public",
  "GET /healthz": "public",
  "GET /startupz": "public",
  "GET /readyz": "public",
  "GET /problems": "public",
  "GET /problems/:slug": "public",
  "GET /api/docs": "public",
  "GET /api/docs/openapi.json": "public",
  "GET /api/docs/:asset": "public",
  "GET /api/stores": "public",
  "GET /api/stores/:id": "public",
  "GET /api/stores/:id/products": "public",
  "GET /api/products/:id": "public",
  "GET /api/search/products": "public",
  "POST /api/customers": "public",
  "POST /api/stores": ["store"],
  "PUT /api/stores/:id/participation": ["store"],
  "PUT /api/stores/:id/name": ["store"],
  "POST /api/stores/:id/products": ["store"],
  "PATCH /api/products/:id": ["store"],
  "PUT /api/products/:id/price": ["store"],
  "DELETE /api/products/:id": ["store"],
  "PUT /api/customers/:id/enabled": [],
  "GET /api/customers/:id": ["shopper"],
  "PUT /api/customers/:id/sms-number": ["shopper"],
  "GET /api/customers/:id/notifications": ["shopper"],
  "POST /api/baskets": ["shopper"],
  "GET /api/baskets/:id": ["shopper"],
  "POST /api/baskets/:id/items": ["shopper"],
  "DELETE /api/baskets/:id/items/:productId": ["shopper"],
  "DELETE /api/baskets/:id": ["shopper"],
  "POST /api/baskets/:id/checkout": ["shopper"],
  "GET /api/orders/:id": ["shopper"],
  "GET /api/orders/:id/history": ["shopper"],
  "POST /api/orders/:id/cancel": ["shopper"],
  "POST /api/payments": ["shopper"],
  "GET /api/payments/:id": ["shopper"],
  "GET /api/invoices": ["shopper"],
  "GET /api/invoices/:id": ["shopper"],
  "POST /api/invoices/:id/pay": ["shopper"],
  "GET /api/search/orders": ["shopper"],
  "GET /api/search/projections": [],
  "POST /api/search/projections/:name/rebuild": [],
  "DELETE /api/search/projections/:name/rebuild": [],
  "GET /api/operations/:id": ["shopper"],
  "GET /api/live": roles,
  "POST /api/live/tickets": roles,
  "POST /api/bots": ["depot"],
  "GET /api/bots": ["depot"],
  "GET /api/bots/:id": ["depot"],
  "GET /api/shopping-lists": ["depot"],
  "GET /api/shopping-lists/:id": ["depot"],
  "POST /api/shopping-lists/:id/assign": ["depot"],
  "POST /api/shopping-lists/:id/stops/:storeId/collect": ["depot"],
  "POST /api/shopping-lists/:id/complete": ["depot"],
};

/** What Fastify tells of; these two are there before anybody can ask to be told. */
const registered = new Set(["GET /problems", "GET /problems/:slug"]);
let host: TestHost;
/** What the operator does is seen by everybody at once: it reads its own writes. */
let operator: Api;

beforeAll(async () => {
  const { services, application } = createMall({
    access: { demo: false, tokens: { secret: testSecret } },
    processorUrl: "http://127.0.0.1:9",
  });
  host = await startTestHost(services, {
    ...application,
    http: async (app) => {
      app.addHook("onRoute", ({ method, url }) => {
        for (const name of [method].flat()) registered.add(`${name} ${url}`);
      });
      await application.http?.(app);
    },
  });
  operator = await clientOf({ roles: ["operator"], sub: "olga" });
});
afterAll(() => host?.close());

/** A client with a token, that sends the last `Consistency-Token` back. */
async function clientOf(claims: Parameters<typeof tokenFor>[0]): Promise<Api> {
  const api = httpClient(host.url, { authorization: `Bearer ${await tokenFor(claims)}` });
  let seen: string | undefined;
  return async (route, body, headers = {}) => {
    const answer = await api<never>(route, body, { ...(seen && { "consistency-token": seen }), ...headers });
    seen = answer.headers.get("consistency-token") ?? seen;
    return answer;
  };
}

function shopper(customerId: string): Promise<Api> {
  return clientOf({ roles: ["shopper"], sub: `user-of-${customerId}`, customerId });
}

/** Calls a route with an id that nothing has. */
function call(route: string, authorization?: string): Promise<Response> {
  const [method = "", pattern = ""] = route.split(" ");
  const path = pattern.replace(/:[a-zA-Z]+/g, unknownId).replace("*", "x");
  return host.fetch(path, { method, ...(authorization && { headers: { authorization } }) });
}

const exp = Math.floor(Date.now() / 1000) + 3600;
const claims = { roles: ["operator"], sub: "mallory" };
const key = (secret: string) => new TextEncoder().encode(secret);
const signed = (payload: object, alg = "HS256", secret = testSecret) =>
  new SignJWT({ ...payload }).setProtectedHeader({ alg }).sign(key(secret));

async function badCredentials(): Promise<Record<string, string>> {
  const good = await signed({ ...claims, exp });
  const [head, , signature] = good.split(".");
  const forged = Buffer.from(JSON.stringify({ ...claims, exp, customerId: unknownId })).toString("base64url");
  const tokens = {
    "of another secret": await signed(
      { ...claims, exp },
      "HS256",
      "another secret, which is long enough too",
    ),
    "that has expired": await signed({ ...claims, exp: exp - 3601 }),
    "that never expires": await signed(claims),
    "that is not valid yet": await signed({ ...claims, exp, nbf: exp - 60 }),
    "without a signature": new UnsecuredJWT({ ...claims, exp }).encode(),
    "without the signature it had": `${head}.${good.split(".")[1]}.`,
    "with other claims": `${head}.${forged}.${signature}`,
    "of another algorithm": await signed({ ...claims, exp }, "HS512"),
    "with a name that cannot be stored": await signed({ ...claims, exp, sub: "a\u0000b" }),
    "that is none": "x",
  };
  const headers = Object.entries(tokens).map(([name, token]) => [`a token ${name}`, `Bearer ${token}`]);
  return {
    ...Object.fromEntries(headers),
    "another scheme": "Basic b2xnYTpvbGdh",
    "an empty token": "Bearer ",
  };
}

function isProtected(route: string): boolean {
  return decisions[route.replace(/^HEAD /, "GET ")] !== "public";
}

describe("every route of the Mall", () => {
  it("has been decided about", () => {
    const routes = [...registered].filter((route) => !route.startsWith("HEAD "));
    expect(routes.length).toBeGreaterThan(25);
    expect(routes.filter((route) => decisions[route] === undefined)).toEqual([]);
    expect(Object.keys(decisions).filter((route) => !registered.has(route))).toEqual([]);
  });

  it("answers 401 and how to do better without a token, unless it is public", async () => {
    const answers = new Map<string, unknown>();
    for (const route of registered) {
      const answer = await call(route);
      answers.set(route, [answer.status === 401, answer.headers.get("www-authenticate")]);
    }
    const expected = [...registered].map((route) => [
      route,
      isProtected(route) ? [true, "Bearer"] : [false, null],
    ]);
    expect([...answers]).toEqual(expected);
  });

  it("answers 401 to credentials that are no use, unless it is public", async () => {
    for (const [name, credentials] of Object.entries(await badCredentials())) {
      for (const route of registered) {
        const answer = await call(route, credentials);
        const expected = isProtected(route) ? [true, 'Bearer error="invalid_token"'] : [false, null];
        const actual = [answer.status === 401, answer.headers.get("www-authenticate")];
        expect(actual, `${name}: ${route}`).toEqual(expected);
      }
    }
  });

  it("answers 403 to every role but its own and the operator's", async () => {
    const judge = async (route: string, claims: object) => {
      const { status } = await call(route, `Bearer ${await signed({ ...claims, exp })}`);
      return status === 401 || status === 403 ? status : "let in";
    };
    for (const route of registered) {
      const access = decisions[route.replace(/^HEAD /, "GET ")] as Access;
      const mayCall = (role: Role) => access === "public" || role === "operator" || access.includes(role);
      for (const role of roles) {
        const expected = mayCall(role) ? "let in" : 403;
        expect(await judge(route, { sub: role, roles: [role] }), `${route}: ${role}`).toBe(expected);
      }
      for (const roles of [[], ["admin", null], "operator", undefined]) {
        const expected = access === "public" ? "let in" : 403;
        expect(await judge(route, { sub: "x", roles }), `${route}: ${roles}`).toBe(expected);
      }
    }
  });
});

describe("an address that does not exist", () => {
  it("is a 404 without a token too, and one with another method a 405", async () => {
    expect((await host.fetch("/api/nothing")).status).toBe(404);
    expect((await host.fetch("/api/stores", { method: "DELETE" })).status).toBe(405);
  });
});

describe("a shopper", () => {
  it("sees and changes what is its own", async () => {
    const { customerId, basketId, productId } = await fillBasket(operator);
    const own = await shopper(customerId);
    const { headers } = await operator(`GET /api/baskets/${basketId}`);
    expect(headers.get("etag")).toBe('"2"');
    const basket = await create(own, "POST /api/baskets", { customerId });
    expect((await addItem(own, basket, productId)).status).toBe(200);
    const { status, body } = await checkOut(own, basket);
    expect(status).toBe(202);
    for (const path of [`customers/${customerId}`, `baskets/${basket}`, `orders/${body.metadata.orderId}`])
      expect((await own(`GET /api/${path}`)).status, path).toBe(200);
    expect(
      (await own(`PUT /api/customers/${customerId}/sms-number`, { smsNumber: "+15550111" })).status,
    ).toBe(200);
    expect((await own(`PUT /api/customers/${customerId}/enabled`, { enabled: false })).status).toBe(403);
  });

  it("is told of another's things what it is told of things that do not exist", async () => {
    const { customerId, basketId, productId } = await fillBasket(operator);
    const ordered = await fillBasket(operator);
    const { body } = await checkOut(operator, ordered.basketId);
    const orderId = body.metadata.orderId;
    await until(
      "the order is there",
      async () => (await operator(`GET /api/orders/${orderId}`)).status === 200,
    );
    const stranger = await shopper(await register(operator));
    const line = { productId, quantity: 1 };
    const attempts: [Parameters<Api>[0], string, object?][] = [
      ["GET /api/customers/{id}", customerId],
      ["PUT /api/customers/{id}/sms-number", customerId, { smsNumber: "+15550666" }],
      ["POST /api/baskets", customerId, { customerId: "{id}" }],
      ["GET /api/baskets/{id}", basketId],
      ["POST /api/baskets/{id}/items", basketId, line],
      [`DELETE /api/baskets/{id}/items/${productId}`, basketId],
      ["POST /api/baskets/{id}/checkout", basketId, { paymentId: unknownId }],
      ["DELETE /api/baskets/{id}", basketId],
      ["GET /api/orders/{id}", orderId],
      ["GET /api/orders/{id}/history", orderId],
      ["POST /api/orders/{id}/cancel", orderId],
      ["GET /api/customers/{id}/notifications", customerId],
      ["POST /api/payments", customerId, { customerId: "{id}", amount: money(1299), cardToken: "tok_ok" }],
      [`GET /api/operations/{id}`, body.name.replace("operations/", "")],
    ];
    for (const [route, id, content] of attempts) {
      const ask = async (id: string) => {
        const filled = JSON.parse(JSON.stringify([route, content ?? null]).replaceAll("{id}", id));
        const answer = await stranger(filled[0], filled[1] ?? undefined, { "if-match": '"7"' });
        const { date: _, "consistency-token": __, ...headers } = Object.fromEntries(answer.headers);
        return JSON.stringify([answer.status, headers, answer.body]).replaceAll(id, "{id}");
      };
      const answer = await ask(id);
      expect(answer, route).toBe(await ask(unknownId));
      expect(answer, route).toMatch(/^\[404,/);
    }
    expect((await operator(`GET /api/baskets/${basketId}`)).headers.get("etag")).toBe('"2"');
    expect((await operator<{ smsNumber: string }>(`GET /api/customers/${customerId}`)).body.smsNumber).toBe(
      "+15550100",
    );
  });

  it("without a customer, or with one that is no id, owns nothing", async () => {
    const { customerId } = await fillBasket(operator);
    for (const claim of [undefined, "", 7, null, [customerId], `${customerId} `]) {
      const token = await signed({ roles: ["shopper"], sub: customerId, customerId: claim, exp });
      const answer = await call(`GET /api/customers/${customerId}`, `Bearer ${token}`);
      expect(answer.status, String(claim)).toBe(404);
    }
  });

  it("gets no answer that is stored under another's idempotency key, whatever the token calls it", async () => {
    const [own, other] = [await register(operator), await register(operator)];
    await create(operator, "POST /api/baskets", { customerId: other });
    const answerTo = async (claims: object, customerId: string) => {
      const token = await signed({ roles: ["shopper"], exp, ...claims });
      const headers = { authorization: `Bearer ${token}`, "idempotency-key": "the same" };
      const answer = await httpClient(host.url)("POST /api/baskets", { customerId }, headers);
      return [answer.status, answer.headers.has("idempotent-replayed")];
    };
    expect(await answerTo({ sub: "sam", customerId: own }, own)).toEqual([201, false]);
    expect(await answerTo({ sub: "sam", customerId: own }, own)).toEqual([201, true]);
    expect(await answerTo({ sub: "sam", customerId: other }, own)).toEqual([404, false]);
    expect(await answerTo({ sub: "pat", customerId: own }, own)).toEqual([201, false]);
    expect(await answerTo({ customerId: own }, own)).toEqual([201, false]);
    expect(await answerTo({ sub: own }, own)).toEqual([404, false]);
    expect(await answerTo({ sub: "sam", customerId: own, iss: "b" }, own)).toEqual([201, false]);
  });
});

describe("a ticket", () => {
  it("stands for whoever asked for it, at the addresses that take one", async () => {
    const { customerId, basketId } = await fillBasket(operator);
    const own = await shopper(customerId);
    const { name } = (await checkOut(own, basketId)).body;
    const ticketOf = async (api: Api) =>
      (await api<{ ticket: string }>("POST /api/live/tickets")).body.ticket;
    const ask = async (path: string, ticket: string) => {
      const { status, headers } = await host.fetch(`/api/${path}?ticket=${ticket}`);
      return [status, headers.get("www-authenticate")];
    };
    const ticket = await ticketOf(own);
    expect(await ask(name, ticket)).toEqual([200, null]);
    expect(await ask(name, await ticketOf(operator))).toEqual([200, null]);
    expect(await ask(name, await ticketOf(await shopper(unknownId)))).toEqual([404, null]);
    expect(await ask(name, `${ticket.slice(0, -4)}AAAA`)).toEqual([401, 'Bearer error="invalid_token"']);
    expect(await ask(`baskets/${basketId}`, ticket)).toEqual([401, "Bearer"]);
  });
});

describe("the history of an order", () => {
  it("names the `sub` of whoever caused it", async () => {
    const { basketId } = await fillBasket(operator);
    const { orderId } = (await checkOut(operator, basketId)).body.metadata;
    const history = await until("the order is there", async () => {
      const { status, body } = await operator<{ items: unknown[] }>(`GET /api/orders/${orderId}/history`);
      return status === 200 && body.items;
    });
    expect(history[0]).toMatchObject({ causedBy: { actor: "olga" } });
  });
});
