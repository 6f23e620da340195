import { describe, expect, it } from "vitest";
import { dispositionOf, type ErrorCode, errorCatalogue, ParkMessage, TidingsError } from "./errors.ts";

const codes = Object.keys(errorCatalogue) as ErrorCode[];

describe("the catalogue of errors", () => {
  it.each(codes)(
    "says of %s in whole sentences what is wrong and what to do, and what happens next",
    (code) => {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      const { message, fix, disposition } = errorCatalogue[code];
      for (const sentence of [message, fix]) expect(sentence).toMatch(/^[A-Z][^\n]+\.$/);
      expect(["retry", "park"]).toContain(disposition);
    },
  );

  it("says nothing twice", () => {
    const texts = codes.flatMap((code) => [errorCatalogue[code].message, errorCatalogue[code].fix]);
    expect(new Set(texts).size).toBe(texts.length);
  });
});

describe("an error of the library", () => {
  it("carries what the catalogue says of it", () => {
    const cause = new Error("deep");
    const error = new TidingsError("handler-timeout", undefined, { cause });
    expect(error).toMatchObject({
      name: "TidingsError",
      code: "handler-timeout",
      cause,
      ...errorCatalogue["handler-timeout"],
    });
    expect(error).toBeInstanceOf(Error);
  });

  it("says a detail instead of the general text", () => {
    const error = new TidingsError("stale-version", "The basket is at version 3, not 2.");
    expect(error.message).toBe("The basket is at version 3, not 2.");
    expect(error.fix).toBe(errorCatalogue["stale-version"].fix);
  });
});

describe("what happens to a message after an error", () => {
  it("is parking when the error says so", () => {
    expect(dispositionOf(new ParkMessage("It never will."))).toBe("park");
    expect(dispositionOf(new TidingsError("message-invalid"))).toBe("park");
    expect(dispositionOf({ disposition: "park" })).toBe("park");
  });

  it.each([
    new Error("plain"),
    new TidingsError("handler-timeout"),
    null,
    undefined,
    "text",
    { disposition: "drop" },
  ])("is a retry otherwise: %s", (error) => {
    expect(dispositionOf(error)).toBe("retry");
  });
});
