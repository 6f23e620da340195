import { expect, test } from "vitest";
import { canonicalJson, parseIdempotencyKey } from "./idempotency-key.ts";

test("a bare key and the same key in quotes are one key", () => {
  expect(parseIdempotencyKey("abc-1")).toBe("abc-1");
  expect(parseIdempotencyKey('"abc-1"')).toBe("abc-1");
  expect(parseIdempotencyKey('"a\\"b\\\\c"')).toBe('a"b\\c');
});

test("a key of 255 characters is taken, quoted or not", () => {
  const key = "k".repeat(255);
  expect(parseIdempotencyKey(key)).toBe(key);
  expect(parseIdempotencyKey(`"${key}"`)).toBe(key);
});

test.each([
  ["empty", ""],
  ["blank", "  "],
  ["empty in quotes", '""'],
  ["too long", "k".repeat(256)],
  ["not ASCII", "schlüssel"],
])("a key that is %s is refused", (_, header) => {
  expect(() => parseIdempotencyKey(header)).toThrow("Idempotency-Key must be");
});

test("bodies that differ in the order of their fields alone have one canonical text", () => {
  expect(canonicalJson({ b: [{ d: 1, c: null }], a: "x" })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
  expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  expect(canonicalJson(undefined)).toBe("");
});
