import type { StandardSchemaV1 } from "@standard-schema/spec";
import { isUuid } from "@tidings/core";
import { textIssues } from "./text-rules.ts";

/** Which part of a list is asked for. */
export interface Page<After = readonly [string]> {
  /** At most so many items: 1 to 200, 50 by default. */
  readonly limit: number;
  /** The sort values of the last item of the page before, or undefined for the first page. */
  readonly after: After | undefined;
}

/** A page as it is answered: `next` is the cursor of the page that follows, or null on the last one. */
export interface PageAnswer<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

const defaultLimit = 50;
const maxLimit = 200;

export interface PagedOptions<Filters extends object, After extends readonly unknown[]> {
  /** Validates the rest of the query. */
  readonly filters?: StandardSchemaV1<unknown, Filters>;
  /**
   * What the sort values in a cursor must be: one UUID by default. It keeps a forged cursor from the database. Where it
   * depends on the filters (a choice of sort orders), give a function.
   */
  readonly after?:
    | StandardSchemaV1<unknown, After>
    | ((filters: Filters) => StandardSchemaV1<unknown, After>);
}

/** The query schema of a list. `filters` is the schema of everything but `limit` and `cursor`, for documents. */
export interface PagedSchema<Filters, After>
  extends StandardSchemaV1<unknown, Filters & { readonly page: Page<After> }> {
  readonly filters: StandardSchemaV1<unknown, Filters> | undefined;
}

/**
 * The query schema of a list: `limit` and `cursor`, beside the filters of the route's own schema, whose result gains the
 * field `page`. A bad limit or cursor is an issue at `/limit` or `/cursor`.
 */
export function paged<
  Filters extends object = Record<never, never>,
  After extends readonly unknown[] = readonly [string],
>(options: PagedOptions<Filters, After> = {}): PagedSchema<Filters, After> {
  type Output = Filters & { readonly page: Page<After> };
  const { filters, after } = options;
  const validate = (value: unknown): StandardSchemaV1.Result<Output> => {
    const { limit, cursor, ...rest } = (value ?? {}) as Record<string, unknown>;
    const filtered = filters ? now(filters, rest) : { value: {} as Filters };
    const parsedLimit = parseLimit(limit);
    const limitIssues = parsedLimit === undefined ? [limitIssue] : [];
    if (filtered.issues) return { issues: [...filtered.issues, ...limitIssues] };
    const schema = typeof after === "function" ? after(filtered.value) : (after ?? (oneUuid as never));
    const position = parseCursor(cursor, schema);
    const issues = [...limitIssues, ...(position === "malformed" ? [cursorIssue] : [])];
    if (parsedLimit === undefined || position === "malformed") return { issues };
    return { value: { ...filtered.value, page: { limit: parsedLimit, after: position } } };
  };
  return { filters, "~standard": { version: 1, vendor: "tidings", validate } };
}

const limitIssue = { message: `must be a whole number from 1 to ${maxLimit}`, path: ["limit"] };
const cursorIssue = { message: "is not a cursor of this list", path: ["cursor"] };

function now<Output>(
  schema: StandardSchemaV1<unknown, Output>,
  value: unknown,
): StandardSchemaV1.Result<Output> {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise) throw new Error("A schema given to paged() is asynchronous.");
  return result;
}

function parseLimit(limit: unknown): number | undefined {
  if (limit === undefined) return defaultLimit;
  if (typeof limit !== "string" || !/^\d{1,3}$/.test(limit)) return undefined;
  const number = Number(limit);
  return number >= 1 && number <= maxLimit ? number : undefined;
}

function parseCursor<After>(
  cursor: unknown,
  schema: StandardSchemaV1<unknown, After>,
): After | undefined | "malformed" {
  if (cursor === undefined) return undefined;
  if (typeof cursor !== "string" || !/^[\w-]{1,2000}$/.test(cursor)) return "malformed";
  try {
    const values: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    const result = now(schema, values);
    return result.issues || textIssues(values).length > 0 ? "malformed" : result.value;
  } catch {
    return "malformed";
  }
}

const oneUuid: StandardSchemaV1<unknown, readonly [string]> = {
  "~standard": {
    version: 1,
    vendor: "tidings",
    validate: (value) => {
      const [id, ...rest] = Array.isArray(value) ? (value as unknown[]) : [];
      if (rest.length === 0 && typeof id === "string" && isUuid(id)) return { value: [id] };
      return { issues: [{ message: "is not one UUID" }] };
    },
  },
};

/**
 * The answer for a page. Query `page.limit + 1` rows: the one too many says that there is a next page.
 *
 * @param after the sort values of a row, which come back as `page.after`
 */
export function pageOf<Item, After extends readonly unknown[] | []>(
  rows: readonly Item[],
  page: Page<After>,
  after: (row: Item) => After,
): PageAnswer<Item> {
  const items = rows.slice(0, page.limit);
  const last = rows.length > page.limit ? items.at(-1) : undefined;
  return { items, next: last === undefined ? null : encodeCursor(after(last)) };
}

function encodeCursor(values: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(values)).toString("base64url");
}
