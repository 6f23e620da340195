import type { StandardSchemaV1 } from "@standard-schema/spec";
import { uuidv7 } from "@tidings/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { type Page, paged, pageOf } from "./page.ts";

const id = uuidv7();

function check<Output>(schema: StandardSchemaV1<unknown, Output>, query: unknown): Output | string[] {
  const result = schema["~standard"].validate(query) as StandardSchemaV1.Result<Output>;
  return result.issues ? result.issues.map((issue) => String(issue.path?.[0])) : result.value;
}

test("without a query a page is the first fifty", () => {
  expect(check(paged(), {})).toEqual({ page: { limit: 50, after: undefined } });
});

test.each(["0", "201", "-1", "1.5", "1e2", "", " 5", "0x10", "ten", ["1", "2"]])(
  "the limit %j is refused",
  (limit) => {
    expect(check(paged(), { limit })).toEqual(["limit"]);
  },
);

test("1 and 200 are limits", () => {
  expect(check(paged(), { limit: "1" })).toMatchObject({ page: { limit: 1 } });
  expect(check(paged(), { limit: "200" })).toMatchObject({ page: { limit: 200 } });
});

const firstTwo: Page = { limit: 2, after: undefined };

test("a page goes on where its cursor says", () => {
  const rows = [id, uuidv7(), uuidv7()].map((id) => ({ id }));
  const answer = pageOf(rows, firstTwo, (row) => [row.id]);
  expect(answer.items).toEqual(rows.slice(0, 2));
  expect(check(paged(), { cursor: answer.next })).toEqual({ page: { limit: 50, after: [rows[1]?.id] } });
});

test("the last page has no next", () => {
  const rows = [{ id }, { id: uuidv7() }];
  expect(pageOf(rows, firstTwo, (row) => [row.id])).toEqual({ items: rows, next: null });
  expect(pageOf([], firstTwo, () => [id])).toEqual({ items: [], next: null });
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
  id,
  ["a", "b"],
  "A".repeat(3000),
])("the cursor %j is refused", (cursor) => {
  expect(check(paged(), { cursor })).toEqual(["cursor"]);
});

test("a cursor with a NUL in it never reaches the database", () => {
  expect(check(paged({ after: z.tuple([z.string()]) }), { cursor: encode(["a\u0000"]) })).toEqual(["cursor"]);
});

test("filters keep their own rules, and what they yield stands beside the page", () => {
  const schema = paged({ filters: z.object({ sort: z.enum(["price", "name"]).default("name") }) });
  expect(check(schema, { limit: "5" })).toEqual({ sort: "name", page: { limit: 5, after: undefined } });
  expect(check(schema, { sort: "size", limit: "0" })).toEqual(["sort", "limit"]);
});

test("the sort values may depend on the filters", () => {
  const schema = paged({
    filters: z.object({ sort: z.enum(["price", "name"]) }),
    after: ({ sort }) => z.tuple([sort === "price" ? z.int() : z.string(), z.uuid()]),
  });
  expect(check(schema, { sort: "price", cursor: encode([3, id]) })).toMatchObject({
    page: { after: [3, id] },
  });
  expect(check(schema, { sort: "name", cursor: encode([3, id]) })).toEqual(["cursor"]);
});

test("the schema of the filters is there for documents", () => {
  const filters = z.object({ storeId: z.uuid() });
  expect(paged({ filters }).filters).toBe(filters);
  expect(paged().filters).toBeUndefined();
});
