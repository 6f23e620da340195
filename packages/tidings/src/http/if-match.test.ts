import { expect, test } from "vitest";
import { parseIfMatch } from "./if-match.ts";

test.each([
  [undefined, undefined],
  ["*", undefined],
  ['"3"', [3]],
  ['"3", "5"', [3, 5]],
  ['W/"3"', [-1]],
  ['W/"3", "5"', [5]],
  ["3", [-1]],
  ['"three"', [-1]],
  ['"03"', [-1]],
  ['"3" "5"', [-1]],
  ["", [-1]],
  ['"-1"', [-1]],
])("If-Match %j allows the versions %j", (header, versions) => {
  expect(parseIfMatch(header)).toEqual(versions);
});
