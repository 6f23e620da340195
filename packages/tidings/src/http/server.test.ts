import { connect } from "node:net";
import { refuse, TidingsError } from "@tidings/core";
import type { FastifyBaseLogger } from "fastify";
import pino from "pino";
import { expect, test } from "vitest";
import { z } from "zod";
import { created, noContent } from "./answer.ts";
import { Problem, type ProblemSlug } from "./problem.ts";
import { createHttpServer } from "./server.ts";
import type { ServiceHttp } from "./service-http.ts";

function serve(options: Parameters<typeof createHttpServer>[0] = {}) {
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) }) as FastifyBaseLogger;
  const app = createHttpServer({ log, ...options });
  const routes = app as unknown as ServiceHttp;
  const body = z.object({ name: z.string().min(1), tags: z.array(z.string()).optional() });
  routes.post("/things", { schema: { body } }, ({ body }) => created("/things/1", body, { version: 1 }));
  routes.get(
    "/things",
    { schema: { querystring: z.object({ size: z.coerce.number().optional() }) } },
    ({ query }) => query,
  );
  routes.get("/things/:id", { schema: { params: z.object({ id: z.uuid() }) } }, ({ params }) => params);
  routes.delete("/things/:id", () => noContent());
  routes.post("/bare", ({ body }) => ({ body: body ?? null }));
  routes.get("/refused", () => refuse("thing-is-broken", "The thing is broken."));
  const fail = (error: unknown) => routes.get(`/fail-${failures++}`, () => Promise.reject(error));
  let failures = 0;
  return { app, lines, fail };
}

const json = { "content-type": "application/json" };
const { app } = serve();

async function expectProblem(
  request: object | string,
  slug: ProblemSlug,
  status: number,
  members: object = {},
  server = app,
) {
  const response = await server.inject(request);
  expect(response.headers["content-type"]).toBe("application/problem+json");
  expect(response.json()).toMatchObject({
    type: `/problems/${slug}`,
    status,
    title: expect.any(String),
    ...members,
  });
  expect(response.statusCode).toBe(status);
  return response;
}

test("an answer has its status, headers and body", async () => {
  const response = await app.inject({ method: "POST", url: "/things", payload: { name: "a", other: 1 } });
  expect([response.statusCode, response.headers.location, response.headers.etag]).toEqual([
    201,
    "/things/1",
    '"1"',
  ]);
  expect(response.json()).toEqual({ name: "a" });
  expect(response.headers).not.toHaveProperty("x-powered-by");
});

test("an answer without a body has no content type", async () => {
  const response = await app.inject({ method: "DELETE", url: "/things/1" });
  expect([response.statusCode, response.body, response.headers["content-type"]]).toEqual([
    204,
    "",
    undefined,
  ]);
});

test("a refusal that a handler returns is a 409 with its rule", async () => {
  await expectProblem("/refused", "rule-broken", 409, {
    rule: "thing-is-broken",
    detail: "The thing is broken.",
    instance: "/refused",
  });
});

test("every wrong value of a body is listed with its pointer", async () => {
  const payload = { name: "", tags: ["a", 2] };
  const errors = [{ pointer: "/name" }, { pointer: "/tags/1" }];
  await expectProblem({ method: "POST", url: "/things?x=1", payload }, "validation-failed", 422, {
    errors,
    instance: "/things",
  });
});

test.each([
  ["no body", {}],
  ["an empty JSON body", { headers: json, payload: "" }],
  ["null", { headers: json, payload: "null" }],
  ["an array", { payload: [] }],
])("%s where an object is needed is a 422", async (_, request) => {
  await expectProblem({ method: "POST", url: "/things", ...request }, "validation-failed", 422, {
    errors: [{ pointer: "" }],
  });
});

test("an empty JSON body is no body to a route that needs none", async () => {
  expect((await app.inject({ method: "POST", url: "/bare", headers: json, payload: "" })).json()).toEqual({
    body: null,
  });
});

test.each([
  "{",
  '{"name":"a"',
  '{"name":"a"}x',
  '{"__proto__":{"name":"a"}}',
  '{"constructor":{"prototype":{}}}',
  "undefined",
])("the body %j is malformed", async (payload) => {
  await expectProblem({ method: "POST", url: "/things", headers: json, payload }, "malformed-json", 400);
});

test.each(["\u0000", "\u001b", "\t"])(
  "the control character %j in a text is a 422 with the pointer",
  async (character) => {
    const payload = { name: "a", tags: ["b", `c${character}`] };
    await expectProblem({ method: "POST", url: "/things", payload }, "validation-failed", 422, {
      errors: [{ pointer: "/tags/1" }],
    });
  },
);

test("a newline in a text is fine", async () => {
  expect((await app.inject({ method: "POST", url: "/things", payload: { name: "a\nb" } })).statusCode).toBe(
    201,
  );
});

test("a body that is nested too deeply is a 422", async () => {
  const payload = `{"name":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  await expectProblem({ method: "POST", url: "/things", headers: json, payload }, "validation-failed", 422);
});

test.each([
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "nonsense",
  "application/jsonp",
])("a body of the type %j is a 415", async (type) => {
  await expectProblem(
    { method: "POST", url: "/things", headers: { "content-type": type }, payload: "a=b" },
    "unsupported-media-type",
    415,
  );
});

test("a compressed body is a 415", async () => {
  const headers = { ...json, "content-encoding": "gzip" };
  await expectProblem(
    { method: "POST", url: "/things", headers, payload: "x" },
    "unsupported-media-type",
    415,
  );
});

test("a JSON type with a charset or a suffix is fine", async () => {
  for (const type of ["application/json; charset=utf-8", "application/merge-patch+json"]) {
    const response = await app.inject({
      method: "POST",
      url: "/things",
      headers: { "content-type": type },
      payload: '{"name":"a"}',
    });
    expect(response.statusCode).toBe(201);
  }
});

test("a wrong or unprintable query value is a 422", async () => {
  await expectProblem("/things?size=x", "validation-failed", 422, { errors: [{ pointer: "/size" }] });
  await expectProblem("/things?other=%00", "validation-failed", 422, { errors: [{ pointer: "/other" }] });
});

test.each([
  "/nothing",
  "/things/1",
  `/things/${"a".repeat(500)}`,
  "/things/%00",
  "/things/%zz",
  "/%",
  "/things/%C0%80",
  "//things",
  "/things/",
])("%s is a 404", async (url) => {
  await expectProblem(url, "not-found", 404);
});

test("an unknown address is a 404 whatever the body", async () => {
  await expectProblem({ method: "POST", url: "/nothing", headers: json, payload: "{" }, "not-found", 404);
});

test("a method that the address does not take is a 405 that lists those it takes", async () => {
  const response = await expectProblem(
    { method: "PUT", url: "/things/1?a=b", headers: json, payload: "{" },
    "method-not-allowed",
    405,
  );
  expect(response.headers.allow).toBe("DELETE, GET, HEAD");
});

test("an unexpected error is a 500 that tells nothing, and is logged once with the request's id", async () => {
  const { app, lines, fail } = serve();
  fail(new Error("secret"));
  const response = await expectProblem("/fail-0", "internal", 500, { requestId: expect.any(String) }, app);
  expect(response.body).not.toContain("secret");
  expect(lines).toMatchObject([
    { requestId: response.json().requestId, err: { message: "secret" }, path: "/fail-0" },
  ]);
});

test.each([undefined, null, "text", 7])("throwing %j is a 500", async (thrown) => {
  const { app, fail } = serve();
  fail(thrown);
  await expectProblem("/fail-0", "internal", 500, {}, app);
});

test.each<[string, unknown, ProblemSlug, number]>([
  [
    "a lost connection",
    Object.assign(new Error("secret"), { code: "57P01" }),
    "temporarily-unavailable",
    503,
  ],
  [
    "a wrapped refused connection",
    new Error("x", { cause: Object.assign(new Error(), { code: "ECONNREFUSED" }) }),
    "temporarily-unavailable",
    503,
  ],
  ["a stale version", new TidingsError("stale-version"), "stale-version", 412],
  ["a lost race", new TidingsError("concurrency-conflict"), "rule-broken", 409],
  ["a thrown problem", new Error("x", { cause: new Problem("forbidden") }), "forbidden", 403],
  ["a foreign 4xx", Object.assign(new Error("secret"), { statusCode: 429 }), "rate-limited", 429],
])("%s is a %s", async (_, error, slug, status) => {
  const { app, fail } = serve();
  fail(error);
  const response = await expectProblem("/fail-0", slug, status, {}, app);
  expect(response.body).not.toContain("secret");
  if (status === 503) expect(response.headers["retry-after"]).toBe("1");
});

test("a lost race of a conditional request is a stale version", async () => {
  const { app, fail } = serve();
  fail(new TidingsError("concurrency-conflict"));
  await expectProblem({ url: "/fail-0", headers: { "if-match": '"1"' } }, "stale-version", 412, {}, app);
});

test("requests that succeed or are refused are not logged", async () => {
  const { app, lines } = serve();
  await app.inject("/things");
  await app.inject("/nothing");
  await app.inject({ method: "POST", url: "/things", payload: {} });
  expect(lines).toEqual([]);
});

test("each problem type is described at its address", async () => {
  const { items } = (await app.inject("/problems")).json();
  for (const item of items) expect((await app.inject(item.type)).json()).toEqual(item);
  await expectProblem("/problems/nonsense", "not-found", 404);
  await expectProblem("/problems/toString", "not-found", 404);
});

test("a schema that is no Standard Schema fails at the start", async () => {
  const { app } = serve();
  app.post("/plain", { schema: { body: { type: "object" } } }, () => ({}));
  await expect(app.ready()).rejects.toThrow("not a Standard Schema");
});

test("an asynchronous schema is refused with a 500 whose log says why", async () => {
  const { app, lines } = serve();
  app.post("/async", { schema: { body: z.object({}).refine(async () => true) } }, () => ({}));
  await expectProblem({ method: "POST", url: "/async", payload: {} }, "internal", 500, {}, app);
  expect(lines).toMatchObject([{ err: { message: expect.stringContaining("is asynchronous") } }]);
});

/** Sends raw bytes and returns all that comes back. */
async function exchange(
  bytes: string,
  options: Parameters<typeof createHttpServer>[0] = {},
): Promise<string> {
  const { app } = serve({ bodyLimit: 1000, ...options });
  const { port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  try {
    return await new Promise((resolve, reject) => {
      const socket = connect(Number(port), "127.0.0.1", () => socket.write(bytes));
      let received = "";
      socket.on("data", (data) => {
        received += data;
      });
      socket.on("close", () => resolve(received));
      socket.on("error", (error) => (received ? resolve(received) : reject(error)));
    });
  } finally {
    await app.close();
  }
}

const post = "POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

test("a body that says it is too large is a 413", async () => {
  const answer = await exchange(`${post}Connection: close\r\nContent-Length: 1001\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 413 .*payload-too-large/s);
});

test("a body that turns out to be too large is a 413", async () => {
  const answer = await exchange(
    `${post}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${"3e9\r\n"}${"a".repeat(1001)}\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1.1 413 .*payload-too-large/s);
});

test("what is not HTTP is answered with a problem and a closed connection", async () => {
  expect(await exchange("NONSENSE\r\n\r\n")).toMatch(
    /^HTTP\/1.1 400 .*Connection: close.*\/problems\/bad-request/s,
  );
});

test("too large headers are a 431", async () => {
  expect(await exchange(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(40_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 431 .*headers-too-large/s,
  );
});

test("a request that does not arrive in time is a 408", async () => {
  const answer = await exchange(`${post}Content-Length: 100\r\n\r\n{`, { requestTimeoutMs: 100 });
  expect(answer).toMatch(/^HTTP\/1.1 408 .*request-timeout/s);
});
