import { expect, it } from "vitest";
import { cardOf } from "./test-cards.ts";

it("Only tok_flaky fails first, only tok_timeout is never answered.", () => {
  const tokens = ["tok_ok", "tok_declined", "tok_insufficient_funds", "tok_flaky", "tok_timeout", "other"];
  expect(tokens.filter((token) => cardOf(token).first.status === "failed")).toEqual(["tok_flaky"]);
  expect(tokens.filter((token) => cardOf(token).silent)).toEqual(["tok_timeout"]);
  expect(tokens.filter((token) => cardOf(token).later.status === "held")).toEqual([
    "tok_ok",
    "tok_flaky",
    "tok_timeout",
  ]);
});
