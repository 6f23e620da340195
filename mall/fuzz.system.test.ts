import { type IncomingMessage, request } from "node:http";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Outside, openMall } from "./conformance.fixture.ts";
import { addressOf, routesOf } from "./conformance-routes.fixture.ts";

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

const card = fc.constantFrom("tok_ok", "tok_flaky", "tok_declined", "tok_insufficient_funds", "tok_x");

/** The body of a route with some of its fields changed, or anything. */
function bodyOf(body: object | undefined) {
  const changed = fc
    .tuple(fc.subarray(Object.keys(body ?? {})), fc.array(value, { minLength: 6, maxLength: 6 }))
    .map(([fields, values]) => ({
      ...body,
      ...Object.fromEntries(fields.map((field, n) => [field, values[n]])),
    }));
  const amount = fc.record({ amount: value, currency: fc.constantFrom("USD", "EUR", 5) });
  const money = fc
    .tuple(fc.constantFrom("price", "amount"), amount, card)
    .map(([field, amount, cardToken]) => ({
      ...body,
      [field]: amount,
      cardToken,
    }));
  const json = fc.oneof(changed, fc.constant(body ?? {}), money, value).map((value) => JSON.stringify(value));
  return fc.option(fc.oneof({ weight: 4, arbitrary: json }, odd), { nil: undefined });
}

const unknownId = "01981f4a-7c00-7000-8000-0000000000ff";
const moment = "9999-12-31T23:59:59+23:59";
const places = [
  ...[
    ["all", "x", unknownId],
    ["words", 1e300, unknownId],
    ["alike", 7, unknownId],
  ],
  ...[[moment, unknownId], [unknownId], ["orders"], [1, 2]],
];
const ids = [unknownId, unknownId.toUpperCase()];
const amounts = ["0", "1299", "9007199254740991", "9007199254740992"];
const moments = [moment, "0001-01-01T00:00:00Z", "2026-01-01T00:00:00.123456789-00:00"];

/** What may stand in a query, with values that are good for one list or another. */
const fields: Readonly<Record<string, readonly string[]>> = {
  limit: ["1", "2", "200"],
  cursor: places.map((place) => Buffer.from(JSON.stringify(place)).toString("base64url")),
  q: ["ink", "travelling ikn", "!&|:*()<->", "'", "\\", "-", "\u00df\u{1f6d2}", "a".repeat(200), "\n"],
  sort: ["price", "-price", "name", "-name"],
  status: ["pending", "cancelled", "available", "approved", "cancelling"],
  participating: ["true", "false"],
  quantity: ["1", "999"],
  ...Object.fromEntries(["orderId", "customerId", "storeId", "productId"].map((name) => [name, ids])),
  ...Object.fromEntries(["minPrice", "maxPrice", "minTotal", "maxTotal"].map((name) => [name, amounts])),
  ...Object.fromEntries(["from", "to"].map((name) => [name, moments])),
};

function fieldOf(name: string) {
  const likely = fc.constantFrom(...(fields[name] ?? []));
  const value = fc.oneof({ weight: 6, arbitrary: likely }, odd, number);
  return value.map((value) => [name, String(value)] as const);
}

const query = fc
  .subarray(Object.keys(fields), { maxLength: 4 })
  .chain((names) => fc.tuple(...names.map(fieldOf)));

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

const otherMethod = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND");

/** Requests to any route, changed in one way or another. */
function anyRequest(): fc.Arbitrary<Request> {
  return fc.constantFrom(...routesOf(mall.scene)).chain((route) => {
    const id = fc.oneof({ weight: 3, arbitrary: fc.constant(route.id ?? "") }, odd.map(encodeText));
    return fc.record({
      method: fc.oneof({ weight: 6, arbitrary: fc.constant(route.method as string) }, otherMethod),
      path: fc.tuple(id, query).map(([id, query]) => addressOf(route, id) + queryText(query)),
      headers: headers.map((headers) => ({ "content-type": "application/json", ...headers })),
      body: bodyOf(route.body),
    });
  });
}

/** Requests that differ in their query alone. */
function search(): fc.Arbitrary<Request> {
  const paths = ["search/products", "search/orders", "search/projections", "invoices", "shopping-lists"];
  const path = fc.tuple(fc.constantFrom(...paths), query);
  return path.map(([path, query]) => {
    return { method: "GET", path: `/api/${path}${queryText(query)}`, headers: {}, body: undefined };
  });
}

function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function queryText(query: readonly (readonly [name: string, value: string])[]): string {
  return query.length === 0
    ? ""
    : `?${query.map(([name, value]) => `${name}=${encodeText(value)}`).join("&")}`;
}

/** Another seed for each run; `FUZZ_SEED` repeats one. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

async function expectSoundAnswer(request: Request): Promise<void> {
  const { status, headers, text } = await send(request);
  expect(status).toBeGreaterThanOrEqual(200);
  if (!text.includes('"/problems/processor-unavailable"')) expect(status).toBeLessThan(500);
  if (status === 204 || request.method === "HEAD") {
    expect(text).toBe("");
    return;
  }
  const type = status < 400 ? "application/json; charset=utf-8" : "application/problem+json";
  expect([headers["content-type"], typeof JSON.parse(text)]).toEqual([type, "object"]);
}

it.each([
  ["request", anyRequest, 2_000],
  ["search", search, 1_500],
] as const)(
  `No %s is answered with a fault, and every answer is JSON (FUZZ_SEED=${seed}).`,
  async (_, requests, runs) => {
    const property = fc.asyncProperty(requests(), expectSoundAnswer);
    await fc.assert(property, { seed, numRuns: Number(process.env.FUZZ_RUNS ?? runs) });
  },
);
