import { MsgHdrsImpl } from "@nats-io/transport-node";
import { type LogEntry, type Message, toCloudEvent } from "@tidings/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messageOf } from "./broker.fixture.ts";
import { decodeEntry, decodeValue, type EncodedEntry, encodeEntry, encodeValue } from "./headers.ts";

const maxPayload = 1_048_576;
const subject = "tidings.ordering.7.event.ordering.OrderPlaced";

/** What the other side gets: the bytes, read by the client. */
function delivered({ headers, payload }: EncodedEntry, at = subject) {
  return { subject: at, headers: MsgHdrsImpl.decode(headers.encode()), data: payload };
}

function entryOf(message: Message, fields: Partial<LogEntry> = {}): LogEntry {
  return { partition: 7, position: 12, previous: 5, message, ...fields };
}

const text = fc.string({ minLength: 1, unit: "grapheme" });
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
  headers: fc.record(
    { operationId: text, replyTo: text, actor: text, saga: text, traceparent: text, tracestate: text },
    { requiredKeys: [] },
  ),
});

describe("a header value", () => {
  it("comes back as it was, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (given) => {
        const encoded = encodeValue(given);
        expect(encoded).toMatch(/^[\x21\x23-\x7e]*$/);
        expect(decodeValue(encoded)).toBe(given.toWellFormed());
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ["Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"],
    ['say "hi"', "say%20%22hi%22"],
    ["100%", "100%25"],
    ["a\r\nb\u007f", "a%0D%0Ab%7F"],
    ["/:?#[]@!$&'()*+,;=~", "/:?#[]@!$&'()*+,;=~"],
  ])("%j is written as the NATS binding of CloudEvents says: %s", (value, encoded) => {
    expect(encodeValue(value)).toBe(encoded);
  });

  it("that is no UTF-8 is refused", () => {
    expect(() => decodeValue("%C0%80")).toThrow(URIError);
    expect(() => decodeValue("%zz")).toThrow(URIError);
  });
});

describe("an entry as a NATS message", () => {
  it("comes back as it was", () => {
    fc.assert(
      fc.property(messages, fc.nat(), fc.nat(), (message, position, previous) => {
        const entry = entryOf(message, { position, previous });
        expect(decodeEntry(delivered(encodeEntry(entry, maxPayload)), 9)).toEqual({ ...entry, sequence: 9 });
      }),
    );
  });

  it("is a CloudEvent in binary mode: every attribute in a header, the data alone in the payload", () => {
    const headers = {
      traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      tracestate: "a=1, b=2",
    };
    const message = messageOf({ total: 5 }, { headers, key: "Ärger 1" });
    const encoded = delivered(encodeEntry(entryOf(message), maxPayload));
    const { data: _, ...attributes } = toCloudEvent(message);
    for (const [name, value] of Object.entries(attributes)) {
      expect(decodeValue(encoded.headers.get(`ce-${name}`)), name).toBe(value);
    }
    expect(encoded.headers.get("ce-datacontenttype")).toBe("application/json");
    expect(encoded.headers.get("ce-partitionkey")).toBe("%C3%84rger%201");
    expect(encoded.headers.get("traceparent")).toBe(headers.traceparent);
    expect(encoded.headers.get("tracestate")).toBe(headers.tracestate);
    expect(encoded.headers.get("Nats-Msg-Id")).toBe(message.id);
    expect(encoded.headers.get("Tidings-Position")).toBe("12");
    expect(encoded.headers.get("Tidings-Previous")).toBe("5");
    expect(Buffer.from(encoded.data).toString()).toBe('{"total":5}');
  });

  it("cannot smuggle a header in through a trace context", () => {
    const message = messageOf({}, { headers: { tracestate: "a=1\r\nTidings-Position: 99" } });
    const encoded = delivered(encodeEntry(entryOf(message), maxPayload));
    expect(encoded.headers.values("Tidings-Position")).toEqual(["12"]);
    expect(decodeEntry(encoded, 1).message).toEqual(message);
  });

  it("takes data of 1,000,000 bytes", () => {
    const message = messageOf("x".repeat(999_998));
    const encoded = encodeEntry(entryOf(message), maxPayload);
    expect(encoded.payload.length).toBe(1_000_000);
    expect(decodeEntry(delivered(encoded), 1).message).toEqual(message);
  });

  it("withholds data that does not fit, and nothing else", () => {
    const message = messageOf("x".repeat(maxPayload));
    const encoded = delivered(encodeEntry(entryOf(message), maxPayload));
    expect(encoded.headers.get("Tidings-Withheld")).toBe("message-too-large");
    expect(encoded.data.length).toBe(0);
    expect(decodeEntry(encoded, 1).message).toEqual({ ...message, data: null });
  });

  it("goes in structured mode when its attributes are more than headers can hold", () => {
    const message = messageOf({ total: 5 }, { key: "Ä".repeat(30_000) });
    const encoded = encodeEntry(entryOf(message), maxPayload);
    expect(encoded.headers.encode().length).toBeLessThan(1_000);
    expect(delivered(encoded).headers.get("Content-Type")).toBe("application/cloudevents+json");
    expect(decodeEntry(delivered(encoded), 1)).toEqual({ ...entryOf(message), sequence: 1 });
    const large = encodeEntry(entryOf({ ...message, data: "x".repeat(1_000_000) }), maxPayload);
    expect(large.size).toBeLessThanOrEqual(maxPayload);
    expect(decodeEntry(delivered(large), 1).message).toEqual({ ...message, data: null });
  });

  it("is refused when not even its attributes fit, with its id", () => {
    const message = messageOf({}, { key: "x".repeat(maxPayload) });
    expect(() => encodeEntry(entryOf(message), maxPayload)).toThrow(message.id);
  });
});

describe("a NATS message that is no entry", () => {
  const good = delivered(encodeEntry(entryOf(messageOf({ total: 5 })), maxPayload));
  const without = (name: string) => {
    const headers = MsgHdrsImpl.decode(good.headers.encode());
    headers.delete(name);
    return { ...good, headers };
  };

  it.each(["ce-id", "ce-specversion", "ce-type", "ce-time", "Tidings-Position", "Tidings-Previous"])(
    "is refused without the header %s",
    (name) => {
      expect(() => decodeEntry(without(name), 1)).toThrow();
    },
  );

  it("is refused without headers, with a broken payload, and on a subject without a partition", () => {
    expect(() => decodeEntry({ subject, data: good.data }, 1)).toThrow();
    expect(() => decodeEntry({ ...good, data: Buffer.from("{") }, 1)).toThrow();
    expect(() => decodeEntry({ ...good, data: Buffer.from([0x22, 0xc0, 0x22]) }, 1)).toThrow();
    expect(() => decodeEntry({ ...good, subject: "tidings.ordering.x.event" }, 1)).toThrow("partition");
  });

  it("is accepted when another client has changed the case of its headers", () => {
    const headers = MsgHdrsImpl.fromRecord(
      Object.fromEntries([...good.headers].map(([key, values]) => [key.toUpperCase(), values])),
    );
    expect(decodeEntry({ ...good, headers }, 1)).toEqual(decodeEntry(good, 1));
  });
});
