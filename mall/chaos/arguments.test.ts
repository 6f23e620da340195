import { describe, expect, it } from "vitest";
import { readArguments, usage } from "./arguments.ts";
import { faultKinds } from "./fault-kinds.ts";

describe("The arguments of npm run chaos", () => {
  it("are five minutes of ten shoppers and of all faults, when none are given", () => {
    expect(readArguments([])).toEqual({
      minutes: 5,
      seed: expect.any(Number),
      shoppers: 10,
      kinds: faultKinds,
      keep: false,
      help: false,
    });
  });

  it("name the faults in any order", () => {
    const args = ["--minutes", "0.5", "--kinds", "cut, kill", "--seed=3", "--keep"];
    expect(readArguments(args)).toMatchObject({ minutes: 0.5, seed: 3, kinds: ["kill", "cut"], keep: true });
  });

  it.each([
    [["--minutes", "0"], "--minutes must be a number from 0.1 to 1440, not 0."],
    [["--minutes", "1e3"], "--minutes must be a number from 0.1 to 1440, not 1e3."],
    [["--seed", "-1"], "Option '--seed' argument is ambiguous."],
    [["--seed", "x"], "--seed must be a whole number from 0 to 4294967295, not x."],
    [["--shoppers="], "--shoppers must be a whole number from 1 to 200, not nothing."],
    [["--kinds", "kill,fire"], `--kinds must be some of ${faultKinds.join(",")}, not fire.`],
    [["--kinds", ""], `--kinds must be some of ${faultKinds.join(",")}, not nothing.`],
    [["--minute", "5"], "Unknown option '--minute'."],
  ])("%j are told to be wrong in one sentence", (args, sentence) => {
    expect(readArguments(args)).toBe(sentence);
  });

  it("are explained in --help", () => {
    for (const option of ["minutes", "seed", "shoppers", "kinds", "keep", "help"])
      expect(usage).toContain(`--${option} `);
  });
});
