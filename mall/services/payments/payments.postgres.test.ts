import { type Api, type ApiAnswer, httpClient } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  authorize,
  type Body,
  ledgerOf,
  newAmount,
  outcomeOf,
  register,
  startPayments,
} from "./payments.fixture.ts";

const unknownId = "01981f4a-7c00-7000-8000-0000000000ff";
let scene: Awaited<ReturnType<typeof startPayments>>;
let api: Api;
let count = 0;
beforeAll(async () => {
  scene = await startPayments();
  api = scene.api;
});
afterAll(() => scene?.close());

/** A new customer's requests for one payment. */
async function shopper(cardToken: string) {
  const { customerId, token } = await register(api);
  const amount = newAmount();
  const body = { customerId, amount, cardToken };
  const key = { "idempotency-key": `key-${++count}` };
  return {
    body,
    amount,
    pay: (headers: object = {}, changes: object = {}) =>
      api<Body>("POST /api/payments", { ...body, ...changes }, { ...token, ...headers }),
    payKeyed: (changes: object = {}) =>
      api<Body>("POST /api/payments", { ...body, ...changes }, { ...token, ...key }),
  };
}

describe("a payment", () => {
  it("is authorized with one hold, and found under its address", async () => {
    const { pay, body, amount } = await shopper("tok_ok");
    const { status, headers, body: payment } = await pay();
    expect([status, headers.get("location"), headers.get("etag")]).toEqual([
      201,
      `/api/payments/${payment.id}`,
      '"1"',
    ]);
    const { customerId } = body;
    expect(payment).toEqual({ id: payment.id, customerId, amount, status: "authorized" });
    const read = await api(`GET /api/payments/${payment.id}`);
    expect([read.status, read.headers.get("etag"), read.body]).toEqual([200, '"1"', payment]);
    expect(await ledgerOf(api, amount)).toMatchObject({
      holds: ["held"],
      requests: 1,
      references: [payment.id],
    });
  });

  it.each([
    ["tok_declined", "card-declined"],
    ["tok_insufficient_funds", "insufficient-funds"],
    ["tok_of_nobody", "unknown-card"],
  ])("with %s is declined: %s", async (token, declineReason) => {
    const { pay, amount } = await shopper(token);
    expect(await pay()).toMatchObject({ status: 201, body: { status: "declined", declineReason } });
    expect(await ledgerOf(api, amount)).toMatchObject({ holds: ["declined"], requests: 1 });
  });

  it("with tok_flaky is authorized by a second request, with one hold", async () => {
    const { pay, amount } = await shopper("tok_flaky");
    expect(outcomeOf(await pay())).toBe("201 authorized");
    expect(await ledgerOf(api, amount)).toMatchObject({ holds: ["held"], requests: 2 });
  });

  it("with tok_timeout is answered with 503 after 5 s, and a repeat makes no second hold", async () => {
    const { payKeyed, amount } = await shopper("tok_timeout");
    const start = performance.now();
    const first = await payKeyed();
    expect(performance.now() - start).toBeGreaterThan(4_900);
    expect(outcomeOf(first)).toBe("503 processor-unavailable");
    expect(first.headers.get("retry-after")).toBe("1");
    const [repeat, beside] = await Promise.all([payKeyed(), payKeyed()]);
    expect([outcomeOf(repeat), outcomeOf(beside)].sort()).toEqual([
      "409 request-in-progress",
      "503 processor-unavailable",
    ]);
    expect(await ledgerOf(api, amount)).toMatchObject({ holds: ["held"], requests: 2 });
    expect(outcomeOf(await payKeyed({ cardToken: "tok_ok" }))).toBe("422 idempotency-key-reused");
  });

  it("is not held up by others that the processor keeps waiting", async () => {
    const slow = await Promise.all(Array.from({ length: 15 }, () => shopper("tok_timeout")));
    const waiting = Promise.all(slow.map(({ pay }) => pay()));
    const start = performance.now();
    const { paymentId } = await authorize(api);
    expect((await api(`GET /api/payments/${paymentId}`)).status).toBe(200);
    expect(performance.now() - start).toBeLessThan(4_000);
    for (const answer of await waiting) expect(answer.status).toBe(503);
  });

  it("may be of nothing", async () => {
    const { pay } = await shopper("tok_ok");
    expect(await pay({}, { amount: money(0) })).toMatchObject({
      status: 201,
      body: { status: "authorized", amount: money(0) },
    });
  });

  it.each([
    ["/amount/amount", { amount: money(-1) }],
    ["/amount/currency", { amount: { amount: 5, currency: "EUR" } }],
    ["/cardToken", { cardToken: " " }],
    ["/customerId", { customerId: "42" }],
  ])("is refused for its %s", async (pointer, wrong) => {
    const { pay } = await shopper("tok_ok");
    expect(await pay({}, wrong)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });

  it("of an unknown customer is not found, and holds nothing", async () => {
    const { pay, amount } = await shopper("tok_ok");
    expect(outcomeOf(await pay({}, { customerId: unknownId }))).toBe("404 not-found");
    expect((await ledgerOf(api, amount)).holds).toEqual([]);
    for (const id of [unknownId, "42"]) expect((await api(`GET /api/payments/${id}`)).status).toBe(404);
  });
});

describe("a request for a payment under a key", () => {
  it("has one hold however often it is repeated, one after the other or at once", async () => {
    const { payKeyed, amount } = await shopper("tok_ok");
    const answers: ApiAnswer<Body>[] = await Promise.all(Array.from({ length: 12 }, () => payKeyed()));
    answers.push(await payKeyed());
    const done = answers.filter(({ status }) => status === 201);
    const rest = answers.filter(({ status }) => status !== 201);
    expect(new Set(done.map(({ body }) => body.id)).size).toBe(1);
    expect(new Set(rest.map(outcomeOf))).toEqual(new Set(rest.length > 0 ? ["409 request-in-progress"] : []));
    expect(await ledgerOf(api, amount)).toMatchObject({ holds: ["held"], requests: 1 });
  });

  it("with another body is refused, and nothing is held for it", async () => {
    const { payKeyed } = await shopper("tok_ok");
    expect((await payKeyed()).status).toBe(201);
    const other = newAmount();
    expect(outcomeOf(await payKeyed({ amount: other }))).toBe("422 idempotency-key-reused");
    expect((await ledgerOf(api, other)).holds).toEqual([]);
  });

  it("that was not found once stays so, and nothing is held for it", async () => {
    const stranger = httpClient(scene.host.url);
    const key = { "idempotency-key": `key-${++count}` };
    const amount = newAmount();
    const ask = (customerId: string) =>
      stranger<Body>("POST /api/payments", { customerId, amount, cardToken: "tok_ok" }, key);
    expect((await ask(unknownId)).status).toBe(404);
    expect((await ask(unknownId)).headers.get("idempotent-replayed")).toBe("true");
    const { customerId } = await authorize(api);
    expect(outcomeOf(await ask(customerId))).toBe("422 idempotency-key-reused");
    expect((await ledgerOf(api, amount)).holds).toEqual([]);
  });
});
