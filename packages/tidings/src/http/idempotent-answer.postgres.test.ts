import { refuse, TidingsError, type Transaction } from "@tidings/core";
import { purgeExpired } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { Answer, created } from "./answer.ts";
import { decodeToken } from "./consistency-token.ts";
import { Problem } from "./problem.ts";
import { openShop, Renamed, type Shop, Thing } from "./shop.test.fixture.ts";

let shop: Shop;
let work: (tx: Transaction, name: string) => Promise<object>;
let runs = 0;

beforeAll(async () => {
  const body = z.object({ name: z.string().min(1) });
  shop = await openShop((app) => {
    app.addHook("onRequest", async (request) => {
      request.actor = String(request.headers["x-actor"] ?? "ann");
      if (request.actor === "nobody") throw new Problem("unauthorized");
    });
    for (const url of ["/things", "/others"]) {
      app.post(url, { schema: { body } }, (request) =>
        request.transaction(async (tx) => {
          runs++;
          return work(tx, request.body.name);
        }),
      );
    }
    app.put("/things/:id", { schema: { params: z.object({ id: z.uuid() }), body } }, (request) =>
      request.transaction((tx) => work(tx, request.body.name)),
    );
  });
});

afterAll(() => shop.close());

async function insert(tx: Transaction, name: string): Promise<Answer> {
  await tx.query("insert into things (name) values ($1)", [name]);
  tx.publish(Renamed, { id: name, name });
  return created(`/things/${name}`, { name }, { version: 1 });
}

beforeEach(async () => {
  await shop.pool.query("truncate things, tidings_idempotency");
  work = insert;
  runs = 0;
});

const post = (name: unknown, key: string | undefined = "k1", more: object = {}) =>
  shop.request({
    url: "/things",
    payload: { name },
    ...more,
    headers: { ...(key && { "idempotency-key": key }), ...(more as { headers?: object }).headers },
  });

const problem = (type: string) => ({ type: `/problems/${type}` });

test("a repeat gets the first answer and has no second effect", async () => {
  const first = await post("a");
  const again = await post("a", '"k1"');
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.body).toEqual(first.body);
  expect(again.headers).toMatchObject({ location: "/things/a", etag: '"1"', "idempotent-replayed": "true" });
  expect(first.headers).not.toHaveProperty("idempotent-replayed");
  expect(again.headers["content-type"]).toBe(first.headers["content-type"]);
  expect([await shop.names(), runs]).toEqual([["a"], 1]);
});

test("the token of a repeat covers what the first answer's covers", async () => {
  const position = (headers: Record<string, string>) => [
    ...(decodeToken(headers["consistency-token"]).get("shop") ?? []),
  ];
  const [[partition = 0, first = 0] = []] = position((await post("a")).headers);
  await post("b", "k2");
  const again = new Map(position((await post("a")).headers));
  expect(first).toBeGreaterThan(0);
  expect(again.get(partition)).toBeGreaterThanOrEqual(first);
});

test("without a key every request has its effect", async () => {
  work = async (tx, name) => insert(tx, `${name}${runs}`);
  await post("a", "");
  await post("a", "");
  expect(await shop.names()).toEqual(["a1", "a2"]);
});

test("the order of the fields and the blanks of a body make no difference", async () => {
  const payload = { name: "a", other: { x: 1, y: 2 } };
  await shop.request({ url: "/things", payload, headers: { "idempotency-key": "k1" } });
  const reordered = '{ "other": {"y":2, "x":1}, "name": "a" }';
  const headers = { "idempotency-key": "k1", "content-type": "application/json" };
  expect((await shop.request({ url: "/things", payload: reordered, headers })).status).toBe(201);
});

test("the same key with another body, address or query is a 422", async () => {
  await post("a");
  expect((await post("b")).body).toMatchObject({ ...problem("idempotency-key-reused"), status: 422 });
  expect((await post("a", "k1", { url: "/others" })).body).toMatchObject(problem("idempotency-key-reused"));
  expect((await post("a", "k1", { url: "/things?x=1" })).body).toMatchObject(
    problem("idempotency-key-reused"),
  );
  const unknownField = {
    url: "/things",
    payload: { name: "a", more: 1 },
    headers: { "idempotency-key": "k1" },
  };
  expect((await shop.request(unknownField)).body).toMatchObject(problem("idempotency-key-reused"));
  expect([await shop.names(), runs]).toEqual([["a"], 1]);
});

test("a key belongs to its caller", async () => {
  await post("a");
  expect((await post("b", "k1", { headers: { "x-actor": "bob" } })).status).toBe(201);
});

test("a repeat while the first is running is a 409, and later gets the first answer", async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  work = async (tx, name) => {
    await released;
    return insert(tx, name);
  };
  const first = post("a");
  await until("the first is running", () => runs === 1);
  const during = await post("a");
  expect(during.body).toMatchObject({ ...problem("request-in-progress"), status: 409 });
  expect(during.headers["retry-after"]).toBe("1");
  release();
  expect((await first).status).toBe(201);
  expect((await post("a")).headers["idempotent-replayed"]).toBe("true");
  expect(runs).toBe(1);
});

test("of many repeats at once one has an effect, and the others are told to come again or get its answer", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => post("a")));
  expect(
    answers.filter(({ status, headers }) => status === 201 && !headers["idempotent-replayed"]),
  ).toHaveLength(1);
  expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
  expect(await shop.names()).toEqual(["a"]);
});

test("a refusal is stored, and what came before it is not", async () => {
  work = async (tx, name) => {
    await insert(tx, name);
    return refuse("name-already-used", "It is used.");
  };
  const first = await post("a");
  expect(first.body).toMatchObject({
    ...problem("rule-broken"),
    rule: "name-already-used",
    instance: "/things",
  });
  work = insert;
  const again = await post("a");
  expect([again.status, again.body, again.headers["content-type"]]).toEqual([
    409,
    first.body,
    "application/problem+json",
  ]);
  expect([await shop.names(), again.headers["idempotent-replayed"]]).toEqual([[], "true"]);
  expect((await post("b")).body).toMatchObject(problem("idempotency-key-reused"));
});

test("a refusal without a key leaves no trace either: neither rows nor messages", async () => {
  const before = await count("tidings_outbox");
  work = async (tx, name) => {
    await insert(tx, name);
    return refuse("name-already-used", "It is used.");
  };
  const refused = await shop.request({ method: "POST", url: "/things", payload: { name: "a" } });
  expect(refused).toMatchObject({ status: 409, body: { rule: "name-already-used" } });
  expect([await shop.names(), await count("tidings_outbox")]).toEqual([[], before]);
});

test("a refusal after a failed statement is stored", async () => {
  await insertDirectly("a");
  work = (tx, name) => insert(tx, name).catch(() => refuse("name-already-used", "It is used."));
  expect((await post("a")).status).toBe(409);
  expect((await post("a")).headers["idempotent-replayed"]).toBe("true");
});

const insertDirectly = (name: string) => shop.pool.query("insert into things values ($1)", [name]);

test("a refusal records no message", async () => {
  const before = await count("tidings_outbox");
  work = async (tx, name) => {
    await insert(tx, name);
    throw new TidingsError("stale-version");
  };
  expect((await post("a")).body).toMatchObject(problem("stale-version"));
  expect((await post("a")).headers["idempotent-replayed"]).toBe("true");
  expect([await count("tidings_outbox"), await shop.names()]).toEqual([before, []]);
});

const count = async (table: string) =>
  Number((await shop.pool.query(`select count(*) as n from ${table}`)).rows[0].n);

test.each<[string, () => unknown]>([
  ["a fault", () => new Error("secret")],
  ["an unreachable processor", () => new Problem("processor-unavailable", undefined, { retryAfter: 5 })],
  ["a rate limit", () => new Problem("rate-limited")],
  ["a deadlock", () => Object.assign(new Error(), { code: "40P01" })],
])("%s leaves neither an effect nor an answer, and the key can be used again", async (_, fault) => {
  work = async (tx, name) => {
    await insert(tx, name);
    throw fault();
  };
  expect((await post("a")).status).toBeGreaterThanOrEqual(429);
  expect([await shop.names(), await count("tidings_idempotency")]).toEqual([[], 0]);
  work = insert;
  expect((await post("a")).status).toBe(201);
});

test("a process that loses its connection between the effect and the commit leaves nothing", async () => {
  work = async (tx, name) => {
    const answer = await insert(tx, name);
    const { rows } = await tx.query<{ pid: number }>("select pg_backend_pid() as pid");
    await shop.pool.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    return answer;
  };
  const { status, headers, body } = await post("a");
  expect([status, headers["retry-after"], body]).toMatchObject([
    503,
    "1",
    problem("temporarily-unavailable"),
  ]);
  expect([await shop.names(), await count("tidings_idempotency")]).toEqual([[], 0]);
  work = insert;
  expect((await post("a")).status).toBe(201);
});

test("after a lost race the request runs again, and one answer is stored", async () => {
  const id = "0198a000-0000-7000-8000-000000000001";
  work = async (tx, name) => {
    const root = await tx.load(Thing, id);
    if (runs === 1)
      await shop.transaction((other) =>
        other.decide(Thing, id, () => [{ type: "Renamed" as const, data: { name: "x" } }]),
      );
    const { version } = await tx.append(root, [{ type: "Renamed", data: { name } }]);
    return new Answer(200, { version }, {});
  };
  expect((await post("a")).body).toEqual({ version: 2 });
  expect((await post("a")).body).toEqual({ version: 2 });
  expect(runs).toBe(2);
});

test("a body that fails validation is stored like any other answer", async () => {
  const first = await post("");
  expect(first.body).toMatchObject(problem("validation-failed"));
  const again = await post("");
  expect([again.body, again.headers["idempotent-replayed"]]).toEqual([first.body, "true"]);
  expect((await post("corrected")).body).toMatchObject(problem("idempotency-key-reused"));
  expect(runs).toBe(0);
});

test("a body that is no JSON is stored too", async () => {
  const headers = { "idempotency-key": "k1", "content-type": "application/json" };
  const send = (payload: string) => shop.request({ url: "/things", payload, headers });
  expect((await send("{")).body).toMatchObject(problem("malformed-json"));
  expect((await send("{")).headers["idempotent-replayed"]).toBe("true");
  expect((await send('{"name":"a"}')).body).toMatchObject(problem("idempotency-key-reused"));
});

test("an id that is malformed is stored for a PUT that names a key", async () => {
  const put = () =>
    shop.request({
      method: "PUT",
      url: "/things/1",
      payload: { name: "a" },
      headers: { "idempotency-key": "k1" },
    });
  expect((await put()).status).toBe(404);
  expect((await put()).headers["idempotent-replayed"]).toBe("true");
});

test("a request that is not authenticated is not stored", async () => {
  expect((await post("a", "k1", { headers: { "x-actor": "nobody" } })).status).toBe(401);
  expect(await count("tidings_idempotency")).toBe(0);
});

test.each(["", '""', "k".repeat(256)])("the key %j is a 422", async (key) => {
  const response = await shop.request({
    url: "/things",
    payload: { name: "a" },
    headers: { "idempotency-key": key },
  });
  expect(response.body).toMatchObject({
    ...problem("validation-failed"),
    errors: [{ detail: expect.stringContaining("Idempotency-Key") }],
  });
  expect(runs).toBe(0);
});

test("an answer without a body is repeated without one", async () => {
  work = async () => new Answer(204, undefined, {});
  expect((await post("a")).status).toBe(204);
  const again = await post("a");
  expect([again.status, again.body, again.headers["idempotent-replayed"]]).toEqual([204, undefined, "true"]);
});

test("a key is free again after 24 hours, purged or not", async () => {
  work = async (tx, name) => insert(tx, `${name}${runs}`);
  await post("a");
  shop.clock.advance(24 * 3600_000 - 1);
  expect((await post("a")).headers["idempotent-replayed"]).toBe("true");
  expect(await purgeExpired(shop.pool, shop.store, shop.clock.now(), 10)).toEqual({
    answers: 0,
    operations: 0,
  });
  shop.clock.advance(1);
  expect((await post("a")).headers).not.toHaveProperty("idempotent-replayed");
  shop.clock.advance(24 * 3600_000);
  for (const key of ["x", "y"]) await post(key, key);
  expect(await purgeExpired(shop.pool, shop.store, shop.clock.now(), 10)).toEqual({
    answers: 1,
    operations: 0,
  });
  expect(await count("tidings_idempotency")).toBe(2);
});

test("expired answers are purged in batches", async () => {
  for (const key of ["x", "y", "z"]) await post(key, key);
  shop.clock.advance(25 * 3600_000);
  const purge = async () => (await purgeExpired(shop.pool, shop.store, shop.clock.now(), 2)).answers;
  expect([await purge(), await purge(), await purge()]).toEqual([2, 1, 0]);
});
