import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LogFile } from "./log-file.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mall-log-"));
  file = join(directory, "logs", "one.log");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(log: LogFile, ...texts: string[]): void {
  for (const text of texts) log.write(Buffer.from(text));
}

it("A log begins empty, and keeps what was written, for its owner's eyes alone.", () => {
  write(new LogFile(file), "of an earlier start");
  const log = new LogFile(file);
  write(log, "one\n", "two\n");
  log.close();
  write(log, "too late\n");
  expect(readFileSync(file, "utf8")).toBe("one\ntwo\n");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it("A log never takes more than twice its limit: the older half is dropped.", () => {
  const log = new LogFile(file, 10);
  write(log, "1234567\n", "2234567\n", "3234567\n");
  log.close();
  expect(readdirSync(join(directory, "logs")).toSorted()).toEqual(["one.log", "one.log.1"]);
  expect([`${file}.1`, file].map((name) => readFileSync(name, "utf8"))).toEqual(["2234567\n", "3234567\n"]);
});

it.each([
  ["PORT is wrong.\n", "PORT is wrong."],
  ["all is well\nTypeError: no\n    at x.ts:1\n\nNode.js v24\n", "TypeError: no"],
  ["", ""],
])("The last words of %j are what most likely went wrong.", (text, words) => {
  const log = new LogFile(file);
  write(log, text);
  expect(log.lastWords).toBe(words);
});
