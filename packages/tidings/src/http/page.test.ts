import type { StandardSchemaV1 } from "@standard-schema/spec";
import { uuidv7 } from "@tidings/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { paged, pageOf } from "./page.ts";

const id = uuidv7();

function check<Output>(schema: StandardSchemaV1<unknown, Output>, query: unknown): Output | string[] {
  const result = schema["~standard"].validate(query) as StandardSchemaV1.Result<Output>;
  return result.issues ? result.issues.map((issue) => String(issue.path?.[0])) : result.value;
}

test("without a query a page is the first fifty", () => {
  expect(check(paged(), {})).toEqual({ page: { limit: 50, after: undefined } });
});

test.each(["0", "201", "-1", "1.5", "1e2", "", "ten", ["1", "2"]])("the limit %j is refused", (limit) => {
  expect(check(paged(), { limit })).toEqual(["limit"]);
});

test("1 and 200 are limits", () => {
  expect(check(paged(), { limit: "1" })).toMatchObject({ page: { limit: 1 } });
  expect(check(paged(), { limit: "200" })).toMatchObject({ page: { limit: 200 } });
});

test("a page goes on where its cursor says", () => {
  const rows = [id, uuidv7(), uuidv7()].map((id) => ({ id, name: "x" }));
  const answer = pageOf(
    rows,
    { limit: 2, after: undefined },
    { item: ({ name }) => ({ name }), after: (row) => [row.id] },
  );
  expect(answer.items).toEqual([{ name: "x" }, { name: "x" }]);
  expect(check(paged(), { cursor: answer.next })).toEqual({ page: { limit: 50, after: [rows[1]?.id] } });
});

test("the last page has no next", () => {
  const rows = [{ id }, { id: uuidv7() }];
  expect(
    pageOf(rows, { limit: 2, after: undefined }, { item: (row) => row, after: (row) => [row.id] }).next,
  ).toBeNull();
  expect(pageOf([], { limit: 2, after: undefined }, { item: (row) => row, after: () => [] })).toEqual({
    items: [],
    next: null,
  });
});

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

test.each([
  "",
  "%%%",
  "abcd",
  encode("text"),
  encode([]),
  encode(["no uuid"]),
  encode([id, id]),
  encode({ 0: id }),
  "A".repeat(3000),
])("the cursor %j is refused", (cursor) => {
  expect(check(paged(), { cursor })).toEqual(["cursor"]);
});

test("a cursor with a NUL in it never reaches the database", () => {
  expect(check(paged(undefined, z.tuple([z.string()])), { cursor: encode(["a\u0000"]) })).toEqual(["cursor"]);
});

test("filters keep their own rules, and what they yield stands beside the page", () => {
  const schema = paged(z.object({ sort: z.enum(["price", "name"]).default("name") }));
  expect(check(schema, { limit: "5" })).toEqual({ sort: "name", page: { limit: 5, after: undefined } });
  expect(check(schema, { sort: "size", limit: "0" })).toEqual(["sort", "limit"]);
});

test("the sort values may depend on the filters", () => {
  const schema = paged(z.object({ sort: z.enum(["price", "name"]) }), ({ sort }) =>
    z.tuple([sort === "price" ? z.int() : z.string(), z.uuid()]),
  );
  expect(check(schema, { sort: "price", cursor: encode([3, id]) })).toMatchObject({
    page: { after: [3, id] },
  });
  expect(check(schema, { sort: "name", cursor: encode([3, id]) })).toEqual(["cursor"]);
});
