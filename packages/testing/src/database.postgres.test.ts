import { execFileSync } from "node:child_process";
import { Client } from "pg";
import { expect, it } from "vitest";
import { createTestDatabase } from "./database.ts";

async function query(url: string, statement: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows;
  } finally {
    await client.end();
  }
}

it("gives every caller a database of its own, and a copy of a template when asked", async () => {
  const first = await createTestDatabase();
  await query(first.url, "CREATE TABLE note (text text)");
  const copy = await createTestDatabase({ template: new URL(first.url).pathname.slice(1) });
  const empty = await createTestDatabase();
  expect(await query(copy.url, "SELECT * FROM note")).toEqual([]);
  await expect(query(empty.url, "SELECT * FROM note")).rejects.toThrow("does not exist");
  await Promise.all([first.drop(), copy.drop(), empty.drop()]);
  await expect(query(first.url, "SELECT 1")).rejects.toThrow("does not exist");
});

it("is open to the processes that a test starts", () => {
  const seen = execFileSync(process.execPath, ["-p", "process.env.TIDINGS_TEST_DATABASE_URL"]);
  expect(seen.toString()).toMatch(/^postgres/);
});
