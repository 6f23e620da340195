import { expect, it } from "vitest";
import { IdParams } from "./id.ts";

it("An id is a UUID of any version, and is compared in lower case.", () => {
  const id = "01981F4A-7C00-7000-8000-00000000000A";
  expect(IdParams.parse({ id })).toEqual({ id: id.toLowerCase() });
  expect(IdParams.safeParse({ id: "11111111-1111-1111-1111-111111111111" }).success).toBe(true);
});

it.each(["", "42", "not-a-uuid", "01981f4a7c0070008000000000000001", "01981f4a-7c00-7000-8000-00000000000g"])(
  "%j is not an id.",
  (id) => {
    expect(IdParams.safeParse({ id }).success).toBe(false);
  },
);
