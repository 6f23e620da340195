import { expect, it } from "vitest";
import { parseHoldExpiry } from "./hold-expiry.ts";

it.each([
  ["30m", 1_800_000],
  ["45s", 45_000],
  ["2h", 7_200_000],
  ["5", 5_000],
  ["PT30M", 1_800_000],
  ["PT1H30M", 5_400_000],
  ["PT5S", 5_000],
  ["720h", 2_592_000_000],
])("%s is a time that a hold may last: %i ms.", (text, ms) => {
  expect(parseHoldExpiry(text)).toBe(ms);
});

it.each([
  "",
  " ",
  "0",
  "0s",
  "-5",
  "1.5m",
  "30 m",
  "30M",
  "m",
  "PT",
  "PT0S",
  "P1D",
  "PT5",
  "1d",
  "721h",
  "1e3",
])("%j is none.", (text) => {
  expect(parseHoldExpiry(text)).toBeUndefined();
});
