import { type IncomingMessage, request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { addressOf, type Outside, openMall, routesOf } from "./conformance.fixture.ts";

let mall: Outside;
beforeAll(async () => {
  mall = await openMall();
});
afterAll(() => mall?.close());

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** Sends what `fetch` would not. */
function send({ method, path, headers, body }: Request) {
  return new Promise<{ status: number; headers: IncomingMessage["headers"]; text: string }>((done, fail) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const options = { method, path, headers: { ...headers, ...length }, agent: false };
    const outgoing = request(mall.url, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        done({ status: answer.statusCode ?? 0, headers: answer.headers, text });
      });
    });
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}

const odd = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ maxLength: 300 }),
  fc.constantFrom("\u0000", "__proto__", "constructor", "' or 1=1 --", "\ud800", "%", "../..", "null", "NaN"),
);
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 999, 1000, 2 ** 53, 1e300));
const value = fc.oneof(fc.jsonValue(), odd, number, fc.boolean());

/** The body of a route with some of its fields changed, or anything. */
function bodyOf(body: object | undefined) {
  const changed = fc
    .tuple(fc.subarray(Object.keys(body ?? {})), fc.array(value, { minLength: 6, maxLength: 6 }))
    .map(([fields, values]) => ({
      ...body,
      ...Object.fromEntries(fields.map((field, n) => [field, values[n]])),
    }));
  const money = fc.record({
    price: fc.record({ amount: value, currency: fc.constantFrom("USD", "EUR", 5) }),
  });
  const json = fc.oneof(changed, fc.constant(body ?? {}), money, value).map((value) => JSON.stringify(value));
  return fc.option(fc.oneof({ weight: 4, arbitrary: json }, odd), { nil: undefined });
}

const query = fc.option(
  fc.dictionary(fc.constantFrom("limit", "cursor", "quantity", "participating", "x"), fc.oneof(odd, number)),
  { nil: undefined },
);
const headers = fc.dictionary(
  fc.constantFrom(
    ...["idempotency-key", "if-match", "consistency-token", "prefer", "accept", "content-type"],
    ...["content-encoding", "traceparent", "tracestate", "origin", "expect-ct", "last-event-id"],
  ),
  fc.oneof(
    odd.map((text) => text.replace(/[^\x20-\x7e\x80-\xff]/g, "").trim()),
    fc.constantFrom('"1"', '"2"', "*", "wait=1", "application/json", "text/plain", "e30", "W10", "gzip"),
  ),
  { maxKeys: 3 },
);

function requests(): fc.Arbitrary<Request> {
  const routes = routesOf(mall.scene);
  return fc.nat(routes.length - 1).chain((index) => {
    const route = routes[index] as (typeof routes)[number];
    const otherMethod = fc.constantFrom(
      "GET",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
      "HEAD",
      "OPTIONS",
      "PROPFIND",
    );
    const id = fc.oneof({ weight: 3, arbitrary: fc.constant(route.id ?? "") }, odd.map(encodeText));
    return fc.record({
      method: fc.oneof({ weight: 6, arbitrary: fc.constant(route.method as string) }, otherMethod),
      path: fc.tuple(id, query).map(([id, query]) => addressOf(route, id) + queryText(query)),
      headers: headers.map((headers) => ({ "content-type": "application/json", ...headers })),
      body: bodyOf(route.body),
    });
  });
}

function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function queryText(query: object | undefined): string {
  const entries = Object.entries(query ?? {}).map(([name, value]) => `${name}=${encodeText(String(value))}`);
  return query === undefined ? "" : `?${entries.join("&")}`;
}

/** Another seed for each run; `FUZZ_SEED` repeats one. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

it(`No request is answered with a fault, and every answer is JSON (FUZZ_SEED=${seed}).`, async () => {
  const property = fc.asyncProperty(requests(), async (request) => {
    const { status, headers, text } = await send(request);
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(500);
    if (status === 204 || request.method === "HEAD") {
      expect(text).toBe("");
      return;
    }
    const type = status < 400 ? "application/json; charset=utf-8" : "application/problem+json";
    expect([headers["content-type"], typeof JSON.parse(text)]).toEqual([type, "object"]);
  });
  await fc.assert(property, { seed, numRuns: 1_000 });
});
