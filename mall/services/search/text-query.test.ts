import { expect, it } from "vitest";
import { textQueryOf } from "./text-query.ts";

it.each([
  ["ink", { head: "", last: "ink" }],
  ["travelling in", { head: "travelling", last: "in" }],
  ["zwei\nwörter", { head: "zwei", last: "wörter" }],
  ["日本", { head: "", last: "日本" }],
  ['"blue ink" pap', { head: '"blue ink"', last: "pap" }],
])("The last word of %j may be the beginning of one.", (text, expected) => {
  expect(textQueryOf(text)).toMatchObject(expected);
});

it.each([
  '"blue in',
  '"blue ink"',
  "ink -blue",
  "red or blu",
  "red OR",
  "or",
  "ink'",
  "ink\\",
  "INK-07",
  "🪁",
  "a&b",
])("The last word of %j is taken as it is.", (text) => {
  expect(textQueryOf(text)).toMatchObject({ head: text, last: undefined });
});

it.each([
  ["travling ink", true],
  ["INK-07", true],
  ["it's", true],
  ['"travling ink"', false],
  ["ink -blue", false],
  ["-blue", false],
])("Whether %j may mean words that look alike: %j.", (text, isPlain) => {
  expect(textQueryOf(text).isPlain).toBe(isPlain);
});
