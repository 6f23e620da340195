import { expect, test } from "vitest";
import { prefersEventStream } from "./accept.ts";

test.each([
  ["text/event-stream", true],
  ["text/event-stream, */*;q=0.1", true],
  ["text/event-stream;q=0.9, application/json;q=0.5", true],
  ["TEXT/Event-Stream , application/json", true],
  ["application/json, text/event-stream", false],
  ["application/json, text/event-stream;q=0.5", false],
  ["text/event-stream;q=0", false],
  ["text/*", false],
  ["*/*", false],
  ["", false],
  [undefined, false],
])("whoever accepts %j gets an event stream: %j", (accept, expected) => {
  expect(prefersEventStream(accept)).toBe(expected);
});
