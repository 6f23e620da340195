import { notFound, refuse, uuidv7 } from "@tidings/core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { ok } from "./answer.ts";
import { decodeToken, encodeToken, tokenOf } from "./consistency-token.ts";
import { openShop, Renamed, type Shop, Thing } from "./shop.test.fixture.ts";

let shop: Shop;

beforeAll(async () => {
  const params = z.object({ id: z.uuid() });
  const body = z.object({ name: z.string() });
  shop = await openShop((app) => {
    app.put("/things/:id/name", { schema: { params, body } }, (request) =>
      request.transaction(async (tx) => {
        const { id } = request.params;
        const { name } = request.body;
        if (name === "refused") return refuse("name-refused", "Not this one.");
        tx.publish(Renamed, { id, name });
        const { expectedVersion } = request;
        const root = await tx.decide(Thing, id, () => [{ type: "Renamed" as const, data: { name } }], {
          expectedVersion,
        });
        return "version" in root ? ok({ name: root.state.name }, { version: root.version }) : root;
      }),
    );
    app.get("/things/:id", { schema: { params } }, async (request) => {
      const { rows } = await request.sql<{ version: number }>(
        "select max(version) as version from tidings_events where stream = $1",
        [`thing-${request.params.id}`],
      );
      return rows[0]?.version
        ? ok({ id: request.params.id }, { version: rows[0].version })
        : notFound("thing", request.params.id);
    });
  });
});

afterAll(() => shop.close());

beforeEach(() => {
  shop.consistent = async () => true;
});

const rename = (id: string, headers: Record<string, string> = {}, name = "a") =>
  shop.request({ method: "PUT", url: `/things/${id}/name`, payload: { name }, headers });

async function renamedTwice(): Promise<string> {
  const id = uuidv7();
  await rename(id);
  await rename(id);
  return id;
}

test("a read answers with the version as its ETag, and an unknown thing is a 404", async () => {
  const read = (id: string) => shop.request({ method: "GET", url: `/things/${id}` });
  expect((await read(await renamedTwice())).headers.etag).toBe('"2"');
  expect(await read(uuidv7())).toMatchObject({
    status: 404,
    body: { type: "/problems/not-found", detail: expect.any(String) },
  });
});

test.each(['"2"', "*", '"1", "2"', '"2", "7"', 'W/"2", "2"'])(
  "If-Match %s fits version 2",
  async (header) => {
    for (const key of [undefined, uuidv7()]) {
      const response = await rename(await renamedTwice(), {
        "if-match": header,
        ...(key && { "idempotency-key": key }),
      });
      expect([response.status, response.headers.etag]).toEqual([200, '"3"']);
    }
  },
);

test("a version of a list that does not fit leaves nothing behind", async () => {
  const id = await renamedTwice();
  await rename(id, { "if-match": '"1", "2"' });
  const { rows } = await shop.pool.query(
    "select count(*)::int as messages from tidings_outbox where key = $1",
    [id],
  );
  expect(rows).toEqual([{ messages: 3 }]);
});

test.each(['"1"', 'W/"2"', "2", '"1", "3"', '"two"', ","])(
  "If-Match %s does not fit version 2: 412",
  async (header) => {
    const id = await renamedTwice();
    for (const key of [undefined, uuidv7()]) {
      const response = await rename(id, { "if-match": header, ...(key && { "idempotency-key": key }) });
      expect([response.status, response.body]).toMatchObject([412, { type: "/problems/stale-version" }]);
    }
  },
);

test("what a request records carries its id, its actor and its trace", async () => {
  const id = uuidv7();
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  await rename(id, { traceparent, tracestate: "a=1" });
  const { rows } = await shop.pool.query(
    "select headers, correlation_id, causation_id from tidings_outbox where key = $1",
    [id],
  );
  expect(rows).toMatchObject([
    { headers: { actor: "anonymous", traceparent, tracestate: "a=1" }, causation_id: null },
  ]);
  const events = await shop.pool.query(
    "select correlation_id, caused_by from tidings_events where stream = $1",
    [`thing-${id}`],
  );
  expect(events.rows).toEqual([
    { correlation_id: rows[0].correlation_id, caused_by: { actor: "anonymous" } },
  ]);
});

test("a write wakes the subscriptions and answers with a token of its commit", async () => {
  const before = shop.recorded.length;
  const { headers } = await rename(uuidv7());
  expect(decodeToken(headers["consistency-token"]).get("shop")?.size).toBe(1);
  expect(shop.recorded.slice(before)).toMatchObject([[{ source: "shop" }]]);
});

const earlier = tokenOf("depot", new Map([[3, 17]]));

test("a token covers the one that the request carried, also when the write is refused or fails", async () => {
  const headers = { "consistency-token": encodeToken(earlier) };
  const done = decodeToken((await rename(uuidv7(), headers)).headers["consistency-token"]);
  expect([...done.keys()].sort()).toEqual(["depot", "shop"]);
  for (const id of [uuidv7(), "1"]) {
    for (const key of [undefined, uuidv7()]) {
      const refused = await rename(id, { ...headers, ...(key && { "idempotency-key": key }) }, "refused");
      expect([refused.status >= 400, decodeToken(refused.headers["consistency-token"])]).toEqual([
        true,
        earlier,
      ]);
    }
  }
});

test("a request waits for what its token names, and is told when that takes too long", async () => {
  const asked: unknown[] = [];
  shop.consistent = async (...question) => asked.push(question) > 1;
  const headers = { "consistency-token": encodeToken(earlier) };
  const late = await shop.request({ method: "GET", url: `/things/${uuidv7()}`, headers });
  expect(late).toMatchObject({
    status: 503,
    body: { type: "/problems/read-model-behind" },
    headers: { "retry-after": "1" },
  });
  expect((await rename(uuidv7(), headers)).status).toBe(200);
  expect(asked).toEqual([
    [earlier, "shop", 2000],
    [earlier, "shop", 2000],
  ]);
});

test("a token that is none is a 422 that names the header", async () => {
  const { status, body } = await rename(uuidv7(), { "consistency-token": "nonsense" });
  expect([status, body]).toMatchObject([
    422,
    { errors: [{ detail: expect.stringContaining("Consistency-Token") }] },
  ]);
});
