import { z } from "zod";

const defaultLimit = 50;

/** One page of a list; `next` is the cursor of the page that follows, null on the last one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

const Limit = z
  .string()
  .regex(/^([1-9][0-9]?|1[0-9][0-9]|200)$/, "must be a whole number from 1 to 200")
  .transform(Number)
  .default(defaultLimit);

/**
 * The query parameters of a list: `limit` (1 to 200, 50 by default) and an opaque `cursor`, which is the place of the
 * last item on the page before: what `place` accepts. Any other cursor is refused.
 */
export function pageQuery<Place extends z.ZodType>(place: Place) {
  const cursor = z
    .string()
    .transform((text, context) => {
      const decoded = decode(text);
      if (decoded === undefined)
        context.addIssue({ code: "custom", message: "is not a cursor of this list" });
      return decoded;
    })
    .pipe(place);
  return z.object({ limit: Limit, cursor: cursor.optional() });
}

/**
 * The page made of rows that were read with `limit + 1`, so that the extra one shows whether another page follows.
 *
 * @param placeOf the place of an item, from which the following page is read
 */
export function pageOf<Item>(
  rows: readonly Item[],
  limit: number,
  placeOf: (item: Item) => unknown,
): Page<Item> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? encode(placeOf(last)) : null };
}

function encode(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return undefined;
  }
}
