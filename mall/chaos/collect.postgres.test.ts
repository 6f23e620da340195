import { createTestDatabase, type TestDatabase } from "@tidings/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectDatabases } from "./collect.ts";
import { withDatabase } from "./database.ts";

let first: TestDatabase;
let second: TestDatabase;
let together: TestDatabase;
beforeAll(async () => {
  [first, second, together] = await Promise.all([
    createTestDatabase(),
    createTestDatabase(),
    createTestDatabase(),
  ]);
  await withDatabase(first.url, (query) =>
    query(`
    create schema one; create schema tidings; create schema other;
    create table tidings.services (name text); insert into tidings.services values ('one'), ('both');
    create table other.things (id int); create table one.tidings_idempotency (id int);
    create table one.logs (position bigint, data json, hash bytea, at timestamptz, primary key (position)) partition by range (position);
    create table one.logs_1 partition of one.logs for values from (0) to (1000);
    create table one.logs_2 partition of one.logs for values from (1000) to (9223372036854775807);
    insert into one.logs select n, '{"b": 1, "a":  1.50}', sha256(n::text::bytea), '2026-01-01Z' from generate_series(1, 1201) n;
    insert into one.logs values (9007199254740993, null, null, null);
    create table one.texts (id int, words tsvector generated always as (to_tsvector('simple', id::text)) stored);
    insert into one.texts (id) values (7)`),
  );
  await withDatabase(second.url, (query) =>
    query(`
    create schema two; create table two.lists (items jsonb, ids uuid[]); create schema tidings;
    create table tidings.services (name text); insert into tidings.services values ('two'), ('both');
    insert into two.lists values ('[{"x": 1}]', array['01981f4a-7c00-7000-8000-0000000000ff'::uuid])`),
  );
  await collectDatabases(
    [
      { service: "one", url: first.url },
      { service: "two", url: second.url },
    ],
    together.url,
  );
});
afterAll(async () => {
  for (const database of [first, second, together]) await database?.drop();
});

/** What a query answers in a database, as text. */
function answer(database: TestDatabase, text: string): Promise<unknown[]> {
  return withDatabase(database.url, (query) => query(`select t::text from (${text}) t`));
}

describe("Data that is brought together", () => {
  it.each([
    ["one.logs", () => first],
    ["one.texts", () => first],
    ["two.lists", () => second],
  ])("has every row of %s, to the last digit", async (table, source) => {
    const rows = `select * from ${table} order by 1`;
    const expected = await answer(source(), rows);
    expect(expected.length).toBeGreaterThan(0);
    expect(await answer(together, rows)).toEqual(expected);
  });

  it("has what several databases say once", async () => {
    const names = "select name from tidings.services order by name";
    expect(await answer(together, names)).toEqual([{ t: "(both)" }, { t: "(one)" }, { t: "(two)" }]);
  });

  it("has the primary keys, and nothing that does not belong to a service", async () => {
    await expect(answer(together, "select from other.things")).rejects.toThrow("does not exist");
    await expect(answer(together, "select from one.tidings_idempotency")).rejects.toThrow("does not exist");
    const again = "insert into one.logs (position) values (1)";
    await expect(withDatabase(together.url, (query) => query(again))).rejects.toThrow("duplicate key");
  });
});
