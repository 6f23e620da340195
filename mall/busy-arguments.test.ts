import { describe, expect, it } from "vitest";
import { readArguments } from "./busy-arguments.ts";

describe("The arguments of npm run busy", () => {
  it("are a minute of 20 shoppers at the usual address, when none are given", () => {
    expect(readArguments([])).toMatchObject({
      url: "http://127.0.0.1:8080",
      shoppers: 20,
      durationS: 60,
      orders: Infinity,
      json: false,
      help: false,
      seed: expect.any(Number),
    });
  });

  it("with a number of orders have no end in time, unless they name one", () => {
    expect(readArguments(["--orders", "5"])).toMatchObject({ orders: 5, durationS: Infinity });
    expect(readArguments(["--orders=5", "--duration=9"])).toMatchObject({ orders: 5, durationS: 9 });
  });

  it.each([
    [["--shoppers", "0"], "--shoppers must be a whole number from 1 to 1000, not 0."],
    [["--shoppers=1001"], "--shoppers must be a whole number from 1 to 1000, not 1001."],
    [["--duration", "1.5"], "--duration must be a whole number from 1 to 86400, not 1.5."],
    [["--orders", ""], "--orders must be a whole number from 1 to 1000000, not nothing."],
    [["--seed", "abc"], "--seed must be a whole number from 0 to 4294967295, not abc."],
    [
      ["--url", "localhost:80"],
      "--url must be an address that begins with http:// or https://, not localhost:80.",
    ],
    [["--shopers", "5"], "Unknown option '--shopers'."],
    [["5"], "Unexpected argument '5'."],
    [["--json=1"], "Option '--json' does not take an argument."],
    [["--orders"], "Option '--orders <value>' argument missing."],
  ])("%j are told to be wrong in one sentence", (args, sentence) => {
    expect(readArguments(args)).toBe(sentence);
  });
});
