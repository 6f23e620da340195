import type { Api, ApiAnswer } from "@mall/common/http-client";
import { beforeEach, describe, expect, it } from "vitest";
import { Encounters, type PatienceOptions, patientShoppers } from "./patient-shoppers.ts";

type Reaction = { status: number; headers?: Record<string, string>; body?: unknown } | Error | "never";

let encounters: Encounters;
let sent: { route: string; key: string | undefined }[];
beforeEach(() => {
  encounters = new Encounters();
  sent = [];
});

/** Shoppers at a mall that reacts like this to one request after the other. */
function shoppersAt(reactions: Reaction[], options: Partial<PatienceOptions> = {}) {
  const api: Api = async <Body>(
    route: string,
    _body?: object,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    sent.push({ route, key: headers["idempotency-key"] });
    const reaction = reactions.shift();
    if (reaction === undefined) throw new Error("Nobody expected one more request.");
    if (reaction === "never") return new Promise<ApiAnswer<Body>>(() => {});
    if (reaction instanceof Error) throw reaction;
    const { status, headers: more, body } = reaction;
    return { status, headers: new Headers(more), body: body as Body };
  };
  return patientShoppers({
    url: "http://127.0.0.1:9",
    inspect: () => undefined,
    signal: new AbortController().signal,
    encounters,
    mayBeLost: () => false,
    api,
    limits: { answerMs: 50, requestMs: 200, lostMs: 1 },
    ...options,
  });
}

const later = { "retry-after": "0" };
const lost = new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") });

describe("Patient shoppers", () => {
  it("repeat under the same key what is answered with 503 or 429 and Retry-After", async () => {
    const reactions = [
      { status: 503, headers: later },
      { status: 429, headers: later },
      { status: 202, body: "yes" },
    ];
    expect(await shoppersAt(reactions).api("POST /api/baskets", {})).toMatchObject({
      status: 202,
      body: "yes",
    });
    expect(sent).toHaveLength(3);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
    expect(sent[0]?.key).toMatch(/^[0-9a-f-]{36}$/);
    expect(encounters).toMatchObject({ requests: 3, unavailable: 1, limited: 1, lost: 0 });
  });

  it("wait for a request that is still in progress", async () => {
    const inProgress = { status: 409, headers: later, body: { type: "/problems/request-in-progress" } };
    expect((await shoppersAt([inProgress, { status: 200 }]).api("PUT /api/x", {})).status).toBe(200);
  });

  it("keep the key that a request has", async () => {
    await shoppersAt([{ status: 200 }]).api("POST /api/x", {}, { "idempotency-key": "mine" });
    expect(sent).toEqual([{ route: "POST /api/x", key: "mine" }]);
  });

  it.each([200, 201, 404, 409, 422])("take %i for an answer", async (status) => {
    expect((await shoppersAt([{ status }]).api("GET /api/x")).status).toBe(status);
  });

  it.each<[string, Reaction, string]>([
    ["a 503 without Retry-After", { status: 503 }, "answered with 503 and Retry-After null"],
    ["a 503 that asks to come back tomorrow", { status: 503, headers: { "retry-after": "86400" } }, "86400"],
    ["a 500", { status: 500, headers: later }, "GET /api/orders/{id} was answered with 500."],
    ["a 502", { status: 502, headers: later }, "answered with 502"],
    ["what is no JSON", new SyntaxError("Unexpected token <"), "answered with what is no JSON"],
    ["a lost connection", lost, "not answered, though the gateway was not hit: fetch failed, ECONNREFUSED"],
    ["silence", "never", "was not answered in 0.05 s"],
  ])("do not put up with %s", async (_, reaction, text) => {
    const shoppers = shoppersAt([reaction]);
    await expect(shoppers.api("GET /api/orders/01981f4a-7c00-7000-8000-0000000000ff")).rejects.toThrow(text);
  });

  it("do not put up with an answer that the document does not know", async () => {
    const shoppers = shoppersAt([{ status: 503, headers: later }], {
      inspect: () => "answered 503 as text/html",
    });
    await expect(shoppers.api("GET /api/x")).rejects.toThrow("GET /api/x: answered 503 as text/html");
  });

  it("come back when the gateway was hit", async () => {
    const shoppers = shoppersAt([lost, lost, { status: 200 }], { mayBeLost: () => true });
    expect((await shoppers.api("GET /api/x")).status).toBe(200);
    expect(encounters).toMatchObject({ requests: 3, lost: 2 });
  });

  it("do not come back for ever", async () => {
    const reactions = Array.from({ length: 1_000 }, () => ({ status: 503, headers: later }));
    await expect(shoppersAt(reactions).api("GET /api/x")).rejects.toThrow(
      /not answered in 0.2 s, with all repeats/,
    );
  });

  it("judge streams by the same rules", () => {
    const shoppers = shoppersAt([]);
    shoppers.streamAnswered(new Response(null, { status: 200 }));
    shoppers.streamAnswered(new Response(null, { status: 503, headers: later }));
    expect(() => shoppers.streamAnswered(new Response(null, { status: 500 }))).toThrow(
      "A stream was answered with 500.",
    );
    expect(() => shoppers.streamLost(lost)).toThrow(
      "A stream was not answered, though the gateway was not hit",
    );
  });
});
