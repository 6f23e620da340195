import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { nats, natsFromEnvironment } from "./index.ts";
import { namesOf } from "./names.ts";
import { settingsOf } from "./options.ts";

const directory = mkdtempSync(join(tmpdir(), "tidings-nats-options-"));
const secretFile = join(directory, "secret");
writeFileSync(secretFile, "s3cret\n");
afterAll(() => rmSync(directory, { recursive: true }));

describe("the options of nats()", () => {
  it("have defaults for a server of one's own", () => {
    expect(settingsOf({})).toEqual({
      servers: ["127.0.0.1:4222"],
      app: "tidings",
      replicas: 1,
      maxAgeMs: 604_800_000,
      maxBytes: undefined,
      credentials: { kind: "none" },
      tls: undefined,
    });
  });

  it("take addresses in a list or separated by commas, with credentials and TLS in them", () => {
    const { servers, credentials, tls } = settingsOf({
      servers: "tls://ann:p%40ss@one:4333, tls://ann:p%40ss@two",
    });
    expect(servers).toEqual(["one:4333", "two:4222"]);
    expect(credentials).toEqual({ kind: "password", user: "ann", password: "p@ss" });
    expect(tls).toEqual({});
    expect(settingsOf({ servers: ["t0ken@[::1]:5"] })).toMatchObject({
      servers: ["[::1]:5"],
      credentials: { kind: "token", token: "t0ken" },
    });
  });

  it("are refused with every problem at once, and without a password", () => {
    const wrong = () =>
      nats({
        servers: "http://ann:hidden@host,nats://ann:hidden@host",
        app: "my app",
        replicas: 6,
        maxAgeMs: 0.5,
        token: "hidden",
        tls: { keyFile: "key.pem" },
      });
    expect(wrong).toThrow(
      expect.objectContaining({
        code: "configuration-invalid",
        message: expect.not.stringContaining("hidden"),
      }),
    );
    for (const part of [
      "servers has",
      '"my app"',
      "replicas is 6",
      "maxAgeMs is 0.5",
      "more than one kind",
      "tls",
    ]) {
      expect(wrong).toThrow(part);
    }
  });
});

describe("the environment", () => {
  it("sets everything, with secrets from files", () => {
    const env = {
      NATS_URL: "nats://one,nats://two",
      NATS_USER: "ann",
      NATS_PASSWORD_FILE: secretFile,
      NATS_CA: secretFile,
      NATS_APP: "mall",
      NATS_REPLICAS: "3",
      NATS_TOKEN: "",
    };
    expect(natsFromEnvironment(env)).toEqual({
      options: {
        servers: "nats://one,nats://two",
        user: "ann",
        password: "s3cret",
        tls: { caFile: secretFile },
        app: "mall",
        replicas: 3,
      },
      problems: [],
    });
    expect(natsFromEnvironment({})).toEqual({ options: {}, problems: [] });
  });

  it("is refused with every problem at once, each by the name of its variable", () => {
    const { problems } = natsFromEnvironment({
      NATS_URL: "http://one",
      NATS_TOKEN: "hidden",
      NATS_TOKEN_FILE: secretFile,
      NATS_PASSWORD_FILE: "/nowhere/password",
      NATS_CREDS: "/nowhere/creds",
      NATS_CERT: secretFile,
      NATS_REPLICAS: "many",
    });
    expect(problems.join("; ")).not.toMatch(/hidden|s3cret/);
    expect(problems.map((problem) => problem.split(" ")[0]).sort()).toEqual([
      "NATS_CERT",
      "NATS_CREDS",
      "NATS_PASSWORD_FILE",
      "NATS_REPLICAS",
      "NATS_TOKEN",
      "NATS_URL",
      "NATS_URL",
    ]);
  });
});

describe("names in NATS", () => {
  const names = namesOf("tidings");

  it("of a reader are readable, and differ when subscriptions do", () => {
    expect(names.consumer("search/products")).toBe("tidings-search_products");
    const given = ["a/b", "a_b", "a.b", "a/b/c", "a_b_c", "a b", "a".repeat(200), "a".repeat(201)];
    const consumers = given.map((subscription) => names.consumer(subscription));
    expect(new Set(consumers).size).toBe(given.length);
    for (const consumer of consumers) expect(consumer).toMatch(/^[A-Za-z0-9_-]{1,200}$/);
  });

  it("keep questions out of every log", () => {
    expect(names.subjects("ordering")).toBe("tidings.ordering.>");
    expect(names.question("ordering").startsWith("tidings.")).toBe(false);
  });

  it("refuse a service that would change the subject", () => {
    for (const service of ["a.b", "*", ">", "", "a b"])
      expect(() => names.stream(service)).toThrow("no name");
  });
});
