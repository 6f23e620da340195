import { describe, expect, it } from "vitest";
import { Code, Description, Name } from "./text.ts";

describe("text", () => {
  it("loses the white space around it and keeps the rest as it was given", () => {
    expect(Name.parse("  The  Paper Lantern ")).toBe("The  Paper Lantern");
    expect(Description.parse("first line\nsecond line")).toBe("first line\nsecond line");
  });

  it.each([
    ["empty", ""],
    ["spaces", "   "],
    ["a newline", "\n"],
    ["white space of other scripts", "\u00a0\u3000"],
  ])("is blank when it is %s", (_, blank) => {
    expect(Name.safeParse(blank).success).toBe(false);
    expect(Code.safeParse(blank).success).toBe(false);
    expect(Description.parse(blank)).toBe("");
  });

  it.each([
    ["NUL", "a\u0000b"],
    ["a tab", "a\tb"],
    ["a tab at its edge", "\tab"],
    ["carriage return", "a\r\nb"],
    ["escape", "a\u001bb"],
    ["delete", "a\u007fb"],
    ["a C1 control character", "a\u0085b"],
    ["half of a surrogate pair", "a\ud83db"],
  ])("is refused with %s in it", (_, text) => {
    expect(Name.safeParse(text).success).toBe(false);
    expect(Description.safeParse(text).success).toBe(false);
    expect(Code.safeParse(text).success).toBe(false);
  });

  it.each([
    ["a name", Name, 200],
    ["a description", Description, 4000],
    ["a code", Code, 64],
  ])("has, as %s, at most its number of characters", (_, schema, maximum) => {
    expect(schema.safeParse("x".repeat(maximum)).success).toBe(true);
    expect(schema.safeParse("x".repeat(maximum + 1)).success).toBe(false);
  });

  it("counts a character outside of the basic plane once", () => {
    expect(Code.safeParse("🪁".repeat(64)).success).toBe(true);
    expect(Code.safeParse("🪁".repeat(65)).success).toBe(false);
  });

  it("is not made of anything else", () => {
    for (const value of [null, 5, true, {}, []]) expect(Name.safeParse(value).success).toBe(false);
  });
});
