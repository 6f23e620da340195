import { describe, expect, it } from "vitest";
import { readClusterArguments } from "./arguments.ts";

describe("The arguments of npm run mall:cluster", () => {
  it("start a Mall with three bots at the usual address, when none are given", () => {
    const usual = { command: "start", directory: ".mall/cluster", port: 8080, bots: 3 };
    expect(readClusterArguments([])).toEqual(usual);
  });

  it.each([
    [["--port", "0", "--bots=0", "--directory", "/data"], { port: 0, bots: 0, directory: "/data" }],
    [["--status"], { command: "status" }],
    [["--stop", "--directory=x"], { command: "stop", directory: "x" }],
    [["--status", "-h"], { command: "help" }],
  ])("%j mean what they say", (args, meant) => {
    expect(readClusterArguments(args)).toMatchObject(meant);
  });

  it.each([
    [["--port", "65536"], "--port must be a whole number from 0 to 65535, not 65536."],
    [["--bots", ""], "--bots must be a whole number from 0 to 999, not nothing."],
    [["--bots=-1"], "--bots must be a whole number from 0 to 999, not -1."],
    [["--directory="], "--directory must name a directory."],
    [["--status", "--stop"], "Ask for one of --status and --stop."],
    [["--restart"], "Unknown option '--restart'."],
    [["start"], "Unexpected argument 'start'."],
  ])("%j are told to be wrong in one sentence", (args, sentence) => {
    expect(readClusterArguments(args)).toMatch(sentence);
  });
});
