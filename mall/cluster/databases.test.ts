import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "tidings/embedded-postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareDatabases } from "./databases.ts";

const directory = mkdtempSync(join(tmpdir(), "mall-databases-"));
chmodSync(directory, 0o755);
const passwords = { stores: "one'of \"them", depot: "another" };
let server: EmbeddedPostgres;
let urls: Record<string, string>;

beforeAll(async () => {
  server = await startEmbeddedPostgres({ directory: join(directory, "postgres") });
  urls = await prepareDatabases(server.url, passwords);
}, 60_000);
afterAll(async () => {
  await server?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function query(url: string | undefined, text: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** The address of a service's role, at another database. */
function elsewhere(service: string, database: string): string {
  const url = new URL(urls[service] ?? "");
  url.pathname = `/${database}`;
  return url.href;
}

describe("A service's role", { timeout: 30_000 }, () => {
  it("owns its database: it makes schemas, tables and trusted extensions there", async () => {
    await query(
      urls.stores,
      "create schema s; create table s.t as select 42 as answer; create extension pg_trgm",
    );
    expect(await query(urls.stores, "select answer, current_user::text from s.t")).toEqual([
      { answer: 42, current_user: "mall_stores" },
    ]);
  });

  it.each(["mall_stores", "postgres", "template1"])(
    "cannot connect to the database %s, which is not its own",
    async (database) => {
      const own = database === "mall_stores" ? "depot" : "stores";
      await expect(query(elsewhere(own, database), "select 1")).rejects.toThrow(
        "permission denied for database",
      );
    },
  );

  it("has no other rights: no databases, no roles, no files, no passwords of others", async () => {
    const rights = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls";
    const [row] = await query(urls.depot, `select ${rights} from pg_roles where rolname = current_user`);
    expect(Object.values(row as object)).toEqual([false, false, false, false, false]);
    for (const text of [
      "create database x",
      "create role x",
      "select pg_read_file('postgresql.conf')",
      "select * from pg_authid",
    ])
      await expect(query(urls.depot, text)).rejects.toThrow("permission denied");
  });

  it("keeps its data when the databases are prepared again, and gets the password that was given then", async () => {
    await query(urls.depot, "create table kept as select 1 as one");
    const again = await prepareDatabases(server.url, { ...passwords, depot: "new" });
    expect(await query(again.depot, "select * from kept")).toEqual([{ one: 1 }]);
    await expect(query(urls.depot, "select 1")).rejects.toThrow("password authentication failed");
    urls = await prepareDatabases(server.url, passwords);
  });
});
