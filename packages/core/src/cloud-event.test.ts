import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromCloudEvent, toCloudEvent } from "./cloud-event.ts";
import type { Message, MessageHeaders } from "./message.ts";

const message: Message = {
  id: "0198c2f0-0000-7000-8000-000000000000",
  kind: "command",
  type: "payments.PayOrder",
  version: 2,
  source: "ordering",
  key: "o1",
  time: "2026-08-22T10:00:00.000Z",
  data: { orderId: "o1" },
  correlationId: "0198c2f0-0000-7000-8000-000000000001",
  causationId: "0198c2f0-0000-7000-8000-000000000002",
  headers: {
    operationId: "0198c2f0-0000-7000-8000-000000000003",
    replyTo: "ordering",
    actor: "ann",
    traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    tracestate: "vendor=1",
  },
};

const text = fc.string({ minLength: 1, unit: "grapheme" });
const headers: fc.Arbitrary<MessageHeaders> = fc.record(
  { operationId: fc.uuid(), replyTo: text, actor: text, traceparent: text, tracestate: text },
  { requiredKeys: [] },
);
const messages: fc.Arbitrary<Message> = fc.record({
  id: fc.uuid(),
  kind: fc.constantFrom("event", "command", "reply"),
  type: fc.constantFrom("ordering.OrderPlaced", "payments.PayOrder.Reply"),
  version: fc.integer({ min: 1, max: 32_767 }),
  source: fc.constantFrom("ordering", "order-list"),
  key: text,
  time: fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-12-31") })
    .map((date) => date.toISOString()),
  data: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
  correlationId: fc.uuid(),
  causationId: fc.option(fc.uuid()),
  headers,
});

const throughJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

describe("a message as a CloudEvent", () => {
  it("comes back as it was, by way of JSON", () => {
    fc.assert(
      fc.property(messages, (given) => {
        expect(fromCloudEvent(throughJson(toCloudEvent(given)))).toEqual(given);
      }),
    );
  });

  it("keeps the rules of CloudEvents 1.0, whatever it carries", () => {
    fc.assert(
      fc.property(messages, (given) => {
        const event = throughJson(toCloudEvent(given));
        for (const [name, value] of Object.entries(event)) {
          if (name === "data") continue;
          expect(name).toMatch(/^[a-z][a-z0-9]{0,19}$/);
          expect(value, name).toBeTypeOf("string");
        }
        for (const required of ["specversion", "id", "source", "type"]) expect(event[required]).toBeTruthy();
        expect(URL.canParse(event.source as string)).toBe(true);
        expect(URL.canParse(event.dataschema as string)).toBe(true);
        expect(event.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
      }),
    );
  });

  it("has the attributes that the documents promise", () => {
    expect(toCloudEvent(message)).toEqual({
      specversion: "1.0",
      id: message.id,
      source: "urn:tidings:ordering",
      type: "payments.PayOrder",
      time: message.time,
      datacontenttype: "application/json",
      dataschema: "urn:tidings:payments.PayOrder:2",
      partitionkey: "o1",
      correlationid: message.correlationId,
      causationid: message.causationId,
      traceparent: message.headers.traceparent,
      tracestate: "vendor=1",
      messagekind: "command",
      operationid: message.headers.operationId,
      replyto: "ordering",
      actor: "ann",
      data: { orderId: "o1" },
    });
  });

  it("leaves out what the message does not have", () => {
    const event = toCloudEvent({ ...message, causationId: null, headers: {} });
    expect(Object.keys(event)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(causationid|operationid|replyto|actor|trace.*)$/)]),
    );
  });
});

describe("a CloudEvent as a message", () => {
  const good = throughJson(toCloudEvent(message));

  it("takes a null attribute for one that is not there, and passes by those that it does not know", () => {
    const { causationId, headers } = fromCloudEvent({
      ...good,
      causationid: null,
      actor: null,
      sampledrate: 5,
    });
    expect(causationId).toBeNull();
    expect(headers).not.toHaveProperty("actor");
    expect(headers).not.toHaveProperty("sampledrate");
  });

  it.each(["id", "source", "type", "dataschema", "partitionkey", "correlationid", "messagekind", "time"])(
    "is refused without %s, or when it is null, empty or no text",
    (name) => {
      for (const value of [undefined, null, "", 7, {}]) {
        expect(() => fromCloudEvent({ ...good, [name]: value })).toThrow(`"${name}"`);
      }
    },
  );

  it.each([undefined, null, 7, "text", [], {}, { specversion: "0.3" }, { specversion: 1 }])(
    "is not made of %j",
    (garbage) => {
      expect(() => fromCloudEvent(garbage)).toThrow("is not 1.0.");
    },
  );

  it.each([
    ["messagekind", "rumour"],
    ["dataschema", "urn:tidings:payments.PayOrder"],
    ["dataschema", "urn:tidings:payments.PayOrder:two"],
    ["dataschema", "urn:tidings:payments.PayOrder:0"],
    ["time", "yesterday"],
  ])("is refused when its %s is %j", (name, value) => {
    expect(() => fromCloudEvent({ ...good, [name]: value })).toThrow(`"${name}"`);
  });
});
