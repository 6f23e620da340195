import { validate } from "tidings";
import { expect, it } from "vitest";
import { z } from "zod";
import { ListNotifications, NotificationPage, NotificationResource } from "./schemas.ts";

function cursorOf(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

const at = "2026-08-22T10:00:00.000Z";
const id = "01981f4a-7c00-7000-8000-000000000020";

it("A cursor is the time and the id of a notification.", () => {
  expect(validate(ListNotifications, { cursor: cursorOf([at, id]) })).toEqual({
    value: { page: { limit: 50, after: [at, id] } },
  });
});

it.each([[["yesterday", id]], [["0000-01-01T00:00:00Z", id]], [[at, "1"]], [[at]], [{}], ["x"]])(
  "%j is not a cursor.",
  (place) => {
    expect(validate(ListNotifications, { cursor: cursorOf(place) })).toMatchObject({ issues: [{}] });
  },
);

it.each([NotificationResource, NotificationPage])("The example is what the schema describes.", (schema) => {
  const { examples } = schema.meta() ?? {};
  expect(z.array(schema as z.ZodType).parse(examples)).toEqual(examples);
});
