import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Id } from "./id.ts";
import { pageOf, pageQuery } from "./page.ts";

const query = pageQuery(Id);
const ids = ["01981f4a-7c00-7000-8000-000000000001", "01981f4a-7c00-7000-8000-000000000002"] as const;

describe("a page", () => {
  it("holds the rows up to the limit and the cursor of what follows", () => {
    const page = pageOf([{ id: ids[0] }, { id: ids[1] }], 1, (item) => item.id);
    expect(page.items).toEqual([{ id: ids[0] }]);
    expect(query.parse({ cursor: page.next })).toEqual({ limit: 50, cursor: ids[0] });
  });

  it("has no next one when the rows end at the limit", () => {
    expect(pageOf([{ id: ids[0] }], 1, (item) => item.id)).toEqual({ items: [{ id: ids[0] }], next: null });
    expect(pageOf([], 1, () => "")).toEqual({ items: [], next: null });
  });

  it("goes on from a place of several parts", () => {
    const byPrice = pageQuery(z.tuple([z.int(), Id]));
    const { next } = pageOf([1, 2], 1, () => [1299, ids[0]]);
    expect(byPrice.parse({ cursor: next }).cursor).toEqual([1299, ids[0]]);
  });
});

describe("the query of a list", () => {
  it("takes 50 by default and from 1 to 200 when it says so", () => {
    expect(query.parse({})).toEqual({ limit: 50 });
    expect(query.parse({ limit: "1" }).limit).toBe(1);
    expect(query.parse({ limit: "200" }).limit).toBe(200);
  });

  it.each(["0", "201", "-1", "1.5", "", "abc", "1e2", " 5", "0x10", ["1", "2"]])(
    "refuses the limit %j",
    (limit) => {
      expect(query.safeParse({ limit }).success).toBe(false);
    },
  );

  it.each(["", "abc", "!!!", ids[0], Buffer.from('"x"').toString("base64url"), ["a", "b"]])(
    "refuses the cursor %j",
    (cursor) => {
      expect(query.safeParse({ cursor }).success).toBe(false);
    },
  );
});
