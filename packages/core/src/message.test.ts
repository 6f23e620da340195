import { expect, it } from "vitest";
import type { Message } from "./message.ts";
import { causeOf, noCause } from "./message.ts";

const command: Message = {
  id: "m2",
  kind: "command",
  type: "payments.PayOrder",
  version: 1,
  source: "ordering",
  key: "o1",
  time: "2026-08-22T10:00:00.000Z",
  data: {},
  correlationId: "m1",
  causationId: "m1",
  headers: { operationId: "op", replyTo: "ordering", actor: "ann", traceparent: "00-1-2-01" },
};

it("hands its chain, its operation, its actor and its trace on to what it causes, but not its waiting sender", () => {
  expect(causeOf(command)).toEqual({
    correlationId: "m1",
    causationId: "m2",
    headers: { operationId: "op", actor: "ann", traceparent: "00-1-2-01" },
  });
  expect(command.headers.replyTo).toBe("ordering");
});

it("begins a chain where nothing caused it", () => {
  expect(noCause).toEqual({ correlationId: null, causationId: null, headers: {} });
});
