import type { StandardSchemaV1 } from "@standard-schema/spec";
import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import { paged } from "./page.ts";

test("the query of a list has the filters' type and the page's", () => {
  const schema = paged({
    filters: z.object({ storeId: z.uuid().optional() }),
    after: z.tuple([z.int(), z.uuid()]),
  });
  type Query = StandardSchemaV1.InferOutput<typeof schema>;
  expectTypeOf<Query["storeId"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Query["page"]["after"]>().toEqualTypeOf<[number, string] | undefined>();
  expectTypeOf<
    StandardSchemaV1.InferOutput<ReturnType<typeof paged>>["page"]["limit"]
  >().toEqualTypeOf<number>();
});
