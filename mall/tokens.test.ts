import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testSecret, tokenFor } from "./access.fixture.ts";
import { tokenVerifier } from "./tokens.ts";

const customerId = "01981f4a-7c00-7000-8000-000000000003";
const exp = Math.floor(Date.now() / 1000) + 3600;
const slugOf = (error: { slug?: string }) => error.slug;

describe("a token signed with the secret", () => {
  const verify = tokenVerifier({ secret: testSecret });
  const principal = async (claims: object) => verify(await tokenFor(claims as never));

  it("says who somebody is, and which of our roles they have", async () => {
    expect(await principal({ sub: "sam", roles: ["shopper", "admin", 7], customerId })).toEqual({
      roles: ["shopper"],
      customerId,
      actor: `sam#customer=${customerId}`,
    });
  });

  it.each([
    ["its sub", { sub: "olga", roles: ["operator"] }, "olga"],
    ["its sub, also when that is the customer", { sub: customerId, customerId }, customerId],
    ["its customer where it has no sub", { customerId }, `${customerId}#unnamed`],
    ["its roles where it names nobody", { roles: ["store", "depot"] }, "store+depot#unnamed"],
    ["its sub and its issuer where any will do", { sub: "a", iss: "b#c" }, "a#issuer=b%23c"],
    ["never what a caller without a token is called", { sub: "operator" }, "operator#"],
    ["never what somebody else is called", { sub: "a#issuer=b" }, "a%23issuer=b"],
  ])("calls its bearer by %s", async (_, claims, actor) => {
    expect((await principal({ roles: ["shopper"], ...claims })).actor).toBe(actor);
  });

  it("must be of the issuer and for the audience that are asked for", async () => {
    const strict = tokenVerifier({ secret: testSecret, issuer: "us", audience: "mall" });
    const attempt = async (claims: object) =>
      strict(await tokenFor({ roles: [], sub: "a", ...claims })).then(({ actor }) => actor, slugOf);
    expect(await attempt({ iss: "us", aud: ["x", "mall"] })).toBe("a");
    expect(await attempt({ iss: "them", aud: "mall" })).toBe("unauthorized");
    expect(await attempt({ iss: "us", aud: "shop" })).toBe("unauthorized");
    expect(await attempt({ aud: "mall" })).toBe("unauthorized");
    expect(await attempt({ iss: "us" })).toBe("unauthorized");
  });
});

describe("a token signed with a key of a key set", async () => {
  const rsa = await generateKeyPair("RS256");
  const ec = await generateKeyPair("ES256");
  const stranger = await generateKeyPair("RS256");
  let keys: Server;
  let answer: () => { status: number; body: string };
  let jwksUrl: string;

  beforeAll(async () => {
    const set = {
      keys: [
        { ...(await exportJWK(rsa.publicKey)), kid: "rsa", alg: "RS256", use: "sig" },
        { ...(await exportJWK(ec.publicKey)), kid: "ec" },
      ],
    };
    answer = () => ({ status: 200, body: JSON.stringify(set) });
    keys = createServer((_, response) => {
      const { status, body } = answer();
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
    await new Promise<void>((resolve) => keys.listen(0, "127.0.0.1", resolve));
    jwksUrl = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/keys`;
  });
  afterAll(() => void keys.close());

  type Key = Parameters<SignJWT["sign"]>[0];
  const sign = (key: Key, header: { alg: string; kid?: string }, claims: object = {}) =>
    new SignJWT({ sub: "sam", roles: ["store"], exp, ...claims }).setProtectedHeader(header).sign(key);
  const attempt = (token: string, url = jwksUrl) =>
    tokenVerifier({ jwksUrl: url })(token).then(({ actor }) => actor, slugOf);

  it("is believed", async () => {
    expect(await attempt(await sign(rsa.privateKey, { alg: "RS256", kid: "rsa" }))).toBe("sam");
    expect(await attempt(await sign(ec.privateKey, { alg: "ES256", kid: "ec" }))).toBe("sam");
  });

  it("is not believed when it is forged, has expired, or names a key that is not there", async () => {
    const header = { alg: "RS256", kid: "rsa" };
    expect(await attempt(await sign(stranger.privateKey, header))).toBe("unauthorized");
    expect(await attempt(await sign(rsa.privateKey, { ...header, kid: "other" }))).toBe("unauthorized");
    expect(await attempt(await sign(rsa.privateKey, header, { exp: exp - 3601 }))).toBe("unauthorized");
    expect(await attempt(await sign(rsa.privateKey, header, { exp: undefined }))).toBe("unauthorized");
    expect(await attempt(new UnsecuredJWT({ sub: "sam", exp }).encode())).toBe("unauthorized");
  });

  it("is not believed when the public key was used as a secret", async () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    const pem = await exportSPKI(rsa.publicKey);
    const { n = "" } = await exportJWK(rsa.publicKey);
    for (const secret of [bytes(pem), bytes(pem.trim()), bytes(n), Buffer.from(n, "base64url")]) {
      for (const kid of ["rsa", undefined]) {
        const token = await sign(secret, { alg: "HS256", ...(kid && { kid }) });
        expect(await attempt(token)).toBe("unauthorized");
      }
    }
  });

  it.each([
    ["answers with an error", () => ({ status: 500, body: "" })],
    ["answers with something else", () => ({ status: 200, body: "<html>" })],
  ])("cannot be judged while the address of the keys %s", async (_, broken) => {
    const working = answer;
    answer = broken;
    const token = await sign(rsa.privateKey, { alg: "RS256", kid: "rsa" });
    const result = await attempt(token);
    answer = working;
    expect(result).toBe("temporarily-unavailable");
    expect(await attempt(token)).toBe("sam");
  });

  it("cannot be judged while the address of the keys cannot be reached", async () => {
    const token = await sign(rsa.privateKey, { alg: "RS256", kid: "rsa" });
    expect(await attempt(token, "http://127.0.0.1:9/keys")).toBe("temporarily-unavailable");
  });
});
