import { expect, test } from "vitest";
import { textIssues } from "./text-rules.ts";

const pointersOf = (value: unknown) => textIssues(value).map(({ pointer }) => pointer);

test("newline, tabs' neighbours in Unicode and emoji are ordinary text", () => {
  expect(textIssues({ name: "one\ntwo", list: ["é", "👩‍🚀", "\u00a0"] })).toEqual([]);
});

test.each(["\u0000", "\t", "\r", "\u001b", "\u007f", "\u0085"])(
  "the control character %j is found",
  (character) => {
    expect(textIssues({ name: `a${character}b` })).toEqual([
      { pointer: "/name", detail: "contains a control character" },
    ]);
  },
);

test("a text is found at any depth, with a pointer that escapes the field's name", () => {
  expect(pointersOf({ items: [{}, { "a/b~c": "\u0000" }] })).toEqual(["/items/1/a~1b~0c"]);
});

test("the name of a field is checked too", () => {
  expect(pointersOf({ outer: { "\u0000": 1 } })).toEqual(["/outer"]);
});

test("half of a surrogate pair is found", () => {
  expect(pointersOf(["\ud83d"])).toEqual(["/0"]);
});

test("a body nested deeper than 100 levels is refused without exhausting the stack", () => {
  const deep = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`);
  expect(textIssues(deep)).toEqual([
    { pointer: "/0".repeat(100), detail: "is nested deeper than 100 levels" },
  ]);
});

test("ten issues are enough", () => {
  expect(textIssues(Array.from({ length: 50 }, () => "\u0000"))).toHaveLength(10);
});
