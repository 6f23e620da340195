import { describe, expect, it } from "vitest";
import { type ServedName, servedNames } from "./serve-arguments.ts";
import { readServeSettings, serveProblems } from "./serve-settings.ts";
import { parseTicketKey } from "./settings-problems.ts";

const key = "0f".repeat(32);
const enough = {
  DATABASE_URL: "postgres://x@127.0.0.1/x",
  NATS_URL: "nats://127.0.0.1:4222",
  LIVE_TICKET_KEY: key,
  PROCESSOR_URL: "http://127.0.0.1:9",
  MALL_URL: "http://127.0.0.1:9",
};
const closed = { MALL_DEMO: "0", MALL_JWT_SECRET: "s".repeat(32) };

describe("The settings of one process of the Mall", () => {
  it.each(servedNames)("of %s are all right, in demo mode", (name) => {
    expect(serveProblems(name, enough)).toEqual([]);
  });

  it.each<[ServedName, string[]]>([
    ["stores", ["DATABASE_URL", "NATS_URL", "LIVE_TICKET_KEY"]],
    ["payments", ["DATABASE_URL", "NATS_URL", "LIVE_TICKET_KEY", "PROCESSOR_URL"]],
    ["bots", ["MALL_URL"]],
  ])("of %s tell all that is missing at once", (name, missing) => {
    const problems = serveProblems(name, {});
    expect(problems.map((problem) => problem.split(" must be set: ")[0])).toEqual(missing);
  });

  it("concern the process alone: what others cannot read does not keep it from starting", () => {
    const wrong = { SMTP_URL: "x", MALL_HOLD_EXPIRES: "x", PROCESSOR_KEY: "x", MALL_BOTS: "x", ...enough };
    const count = (name: ServedName) => serveProblems(name, wrong).length;
    expect(count("stores")).toBe(0);
    expect((["payments", "processor", "notifications", "bots"] as const).map(count)).toEqual([2, 1, 1, 1]);
  });

  it("name the key that the simulated processor needs outside demo mode, and the secret that bots need", () => {
    expect(serveProblems("processor", { ...enough, ...closed })).toEqual([
      "Outside demo mode PROCESSOR_KEY must be set: the simulated processor serves the Mall alone.",
    ]);
    expect(serveProblems("processor", { ...enough, ...closed, PROCESSOR_KEY: "k".repeat(16) })).toEqual([]);
    const byKeys = { ...enough, MALL_DEMO: "0", MALL_JWKS_URL: "https://x/keys" };
    expect(serveProblems("bots", byKeys)).toEqual([
      "Bots need MALL_JWT_SECRET outside demo mode: they sign tokens of their own.",
    ]);
  });

  it.each([
    ["PROCESSOR_KEY", "fifteen--------", "PROCESSOR_KEY must have 16 to 200 characters"],
    ["PROCESSOR_KEY", "with spaces ----------", "PROCESSOR_KEY must have 16 to 200 characters"],
    [
      "LIVE_TICKET_KEY",
      "0f".repeat(31),
      "LIVE_TICKET_KEY must be at least 32 bytes, in hexadecimal or base64.",
    ],
    ["DATABASE_URL", "mysql://x", "DATABASE_URL does not begin with postgres://."],
  ])("with %s=%s say so, and never what a secret is", (name, value, sentence) => {
    const problems = serveProblems("payments", { ...enough, [name]: value });
    expect(problems).toEqual([expect.stringContaining(sentence)]);
    expect(problems.join()).not.toContain(value);
  });

  it("are read, where nothing is wrong", () => {
    const env = { ...enough, PROCESSOR_KEY: "k".repeat(16), MALL_BOTS: "x", PORT: "0" };
    expect(readServeSettings("payments", env)).toMatchObject({
      databaseUrl: enough.DATABASE_URL,
      processorUrl: enough.PROCESSOR_URL,
      processorKey: "k".repeat(16),
      ticketKey: Buffer.from(key, "hex"),
      port: 0,
    });
  });
});

describe("The key of tickets", () => {
  it("is read from hexadecimal, base64 or base64url", () => {
    const bytes = Buffer.alloc(40, 0xfb);
    for (const encoding of ["hex", "base64", "base64url"] as const)
      expect(parseTicketKey(bytes.toString(encoding))).toEqual(bytes);
  });

  it.each(["", "0f", "not hexadecimal, not base64 and yet rather long", "f".repeat(40)])(
    "is not %j",
    (text) => {
      expect(parseTicketKey(text)).toBeUndefined();
    },
  );
});
