import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readMigrations } from "./migrations.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tidings-migrations-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("takes the .sql files of a folder, and no others, in the order of their names", async () => {
  const files = {
    "0010-c.sql": "c",
    "0002-b.sql": "b",
    "0001-a.sql": "ä",
    "0003.sql.orig": "x",
    "README.md": "y",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  expect(await readMigrations(pathToFileURL(`${folder}/`))).toEqual([
    { name: "0001-a", sql: "ä" },
    { name: "0002-b", sql: "b" },
    { name: "0010-c", sql: "c" },
  ]);
});

it("reads the same folder when its URL does not end with a slash", async () => {
  await writeFile(join(folder, "0001-a.sql"), "a");
  expect(await readMigrations(pathToFileURL(folder))).toEqual([{ name: "0001-a", sql: "a" }]);
});

it("takes migrations as they are given, in their order", async () => {
  const given = [
    { name: "b", sql: "1" },
    { name: "a", sql: "2" },
  ];
  expect(await readMigrations(given)).toEqual(given);
});

it("fails when there is no such folder", async () => {
  await expect(readMigrations(pathToFileURL(join(folder, "missing/")))).rejects.toThrow("missing");
});
