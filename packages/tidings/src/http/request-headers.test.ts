import { expect, test } from "vitest";
import { preferredWait } from "./prefer.ts";
import { traceContextOf } from "./trace-context.ts";

test.each([
  [undefined, undefined],
  ["respond-async", undefined],
  ["wait=5", 5],
  ["respond-async, wait=2", 2],
  ['wait="3"; x=y', 3],
  ["WAIT = 7", 7],
  ["wait=600", 20],
  ["wait=0", undefined],
  ["wait=soon", undefined],
  ["await=5", undefined],
  [["respond-async", "wait=4"], 4],
])("Prefer %j asks for a wait of %j s", (header, seconds) => {
  expect(preferredWait(header)).toBe(seconds);
});

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("a valid trace context is kept", () => {
  const headers = { traceparent, tracestate: "vendor=1" };
  expect(traceContextOf({ headers })).toEqual(headers);
  expect(traceContextOf({ headers: { traceparent: `01${traceparent.slice(2)}-more` } })).toHaveProperty(
    "traceparent",
  );
});

test.each([
  ["absent", undefined],
  ["of version ff", `ff${traceparent.slice(2)}`],
  ["in capitals", traceparent.toUpperCase()],
  ["with a trace id of zeros", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`],
  ["with a parent id of zeros", `00-4bf92f3577b34da6a3ce929d0e0e4736-${"0".repeat(16)}-01`],
  ["longer than version 00 may be", `${traceparent}-more`],
])("a trace context that is %s is ignored, and its state with it", (_, value) => {
  expect(
    traceContextOf({ headers: { ...(value && { traceparent: value }), tracestate: "vendor=1" } }),
  ).toEqual({});
});
