import { once } from "node:events";
import { type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import type { Role } from "@mall/common/access";
import { stores } from "@mall/stores/service";
import { startTestHost, type TestHost } from "@tidings/testing";
import { generateKeyPair, SignJWT } from "jose";
import { afterAll, describe, expect, it } from "vitest";
import { testSecret, tokenFor } from "./access.fixture.ts";
import type { AccessSettings } from "./access-control.ts";
import { httpFor } from "./mall.ts";

describe("in demo mode", () => {
  const started: TestHost[] = [];
  const start = async (access: Partial<AccessSettings> = {}) => {
    const demo = await startTestHost([stores], { http: httpFor({ demo: true, ...access }) });
    started.push(demo);
    return async (headers: OutgoingHttpHeaders) => {
      const sent = request(`${demo.url}/api/stores`, { method: "POST", headers }).end();
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      answer.resume();
      return answer.statusCode;
    };
  };
  afterAll(() => Promise.all(started.map((demo) => demo.close())));

  /** What an empty body is answered once the caller is let in. */
  const letIn = 422;

  it("a request without a token is the operator's", async () => {
    const post = await start();
    expect(await post({})).toBe(letIn);
    expect(await post({ host: "localhost:8080", origin: "http://localhost:5173" })).toBe(letIn);
    expect(await post({ host: "[::1]:8080" })).toBe(letIn);
  });

  it("a request that a page of another site makes is nobody's", async () => {
    const post = await start();
    expect(await post({ origin: "https://example.com" })).toBe(401);
    expect(await post({ origin: "null" })).toBe(401);
    expect(await post({ origin: "http://127.0.0.1.example.com" })).toBe(401);
    expect(await post({ host: "example.com:8080", origin: "http://example.com:8080" })).toBe(401);
    expect(await post({ host: "localhost.example.com" })).toBe(401);
  });

  it("a request with a token counts for what the token says", async () => {
    const post = await start({ tokens: { secret: testSecret } });
    const as = async (role: Role) => ({ authorization: `Bearer ${await tokenFor({ roles: [role] })}` });
    expect(await post(await as("store"))).toBe(letIn);
    expect(await post(await as("shopper"))).toBe(403);
    expect(await post({ authorization: "Bearer x" })).toBe(401);
    expect(await post({})).toBe(letIn);
  });

  it("no token is any use without a secret", async () => {
    const post = await start();
    expect(await post({ authorization: `Bearer ${await tokenFor({ roles: ["operator"] })}` })).toBe(401);
    expect(await post({ authorization: "" })).toBe(401);
  });
});

describe("while the keys cannot be fetched", () => {
  it("a token is a 503, and everybody goes on browsing", async () => {
    const tokens = { jwksUrl: "http://127.0.0.1:9/keys" };
    const mall = await startTestHost([stores], { http: httpFor({ demo: false, tokens }) });
    const { privateKey } = await generateKeyPair("RS256");
    const token = new SignJWT({ roles: ["store"] })
      .setProtectedHeader({ alg: "RS256" })
      .setExpirationTime("1h");
    const headers = { authorization: `Bearer ${await token.sign(privateKey)}` };
    const browsing = await mall.fetch("/api/stores", { headers });
    const opening = await mall.fetch("/api/stores", { headers, method: "POST" });
    await mall.close();
    expect([browsing.status, opening.status, opening.headers.get("retry-after")]).toEqual([200, 503, "5"]);
  });
});
