import { MsgHdrsImpl } from "@nats-io/transport-node";
import { fromCloudEvent, type LogEntry, type ReceivedEntry, toCloudEvent } from "@tidings/core";

/**
 * An entry as a NATS message: a CloudEvent by the NATS binding, in binary mode (attributes in headers, data as the
 * payload). Headers that JetStream could not store (64 KiB is its limit) travel in structured mode instead: the whole
 * CloudEvent as the payload. Data that does not fit the server's `max_payload` is withheld, and arrives as null.
 */
export interface EncodedEntry {
  readonly headers: EncodedHeaders;
  readonly payload: Uint8Array;
  /** Bytes of headers and payload. */
  readonly size: number;
}

/** Header bytes that are made once: the client's own class would build, check and join each of them again. */
export class EncodedHeaders extends MsgHdrsImpl {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
  }

  override encode(): Uint8Array {
    return this.#bytes;
  }
}

/** JetStream refuses more than 65,535 bytes of headers; the rest is left for what servers add. */
const headerLimit = 60_000;
const structured = "application/cloudevents+json";
const withheld = "message-too-large";

/** @throws Error when not even the attributes fit `maxPayload` */
export function encodeEntry(entry: LogEntry, maxPayload: number): EncodedEntry {
  const { data, ...attributes } = toCloudEvent(entry.message);
  const place = placeOf(entry);
  const binary = place + attributeHeaders(attributes);
  if (binary.length <= headerLimit) {
    const payload = Buffer.from(JSON.stringify(data) ?? "null");
    if (binary.length + payload.length + margin <= maxPayload) return assemble(binary, payload);
    return assemble(`${binary}Tidings-Withheld: ${withheld}\r\n`, Buffer.alloc(0));
  }
  const whole = Buffer.from(JSON.stringify({ ...attributes, data: data ?? null }));
  const head = `${place}Content-Type: ${structured}\r\n`;
  if (head.length + whole.length + margin <= maxPayload) return assemble(head, whole);
  const rest = Buffer.from(JSON.stringify(attributes));
  if (head.length + rest.length + margin > maxPayload) {
    throw new Error(
      `The attributes of the message ${entry.message.id} alone exceed the server's max_payload.`,
    );
  }
  return assemble(`${head}Tidings-Withheld: ${withheld}\r\n`, rest);
}

/** For the first and the last line, and the header of a withheld payload. */
const margin = 64;

function assemble(lines: string, payload: Uint8Array): EncodedEntry {
  const bytes = Buffer.from(`NATS/1.0\r\n${lines}\r\n`, "latin1");
  return { headers: new EncodedHeaders(bytes), payload, size: bytes.length + payload.length };
}

function placeOf({ position, previous, message }: LogEntry): string {
  const { traceparent = "", tracestate = "" } = message.headers;
  return (
    `Nats-Msg-Id: ${encodeValue(message.id)}\r\nTidings-Position: ${position}\r\nTidings-Previous: ${previous}\r\n` +
    (plain.test(traceparent) ? `traceparent: ${traceparent}\r\n` : "") +
    (plain.test(tracestate) ? `tracestate: ${tracestate}\r\n` : "")
  );
}

/** What may stand in a header as it is; W3C allows nothing else in these two. */
const plain = /^[\x20-\x7e]{1,1024}$/;

function attributeHeaders(attributes: object): string {
  let lines = "";
  for (const [name, value] of Object.entries(attributes)) lines += `ce-${name}: ${encodeValue(value)}\r\n`;
  return lines;
}

/** CloudEvents: space, double quote, percent and all but printable ASCII are percent-encoded, as UTF-8. */
export function encodeValue(value: string): string {
  return needsEncoding.test(value) ? value.toWellFormed().replace(toEncode, encodeURIComponent) : value;
}

const needsEncoding = /[^\x21\x23\x24\x26-\x7e]/;
const toEncode = /[^\x21\x23\x24\x26-\x7e]+/g;

/** The inverse of {@link encodeValue}. @throws URIError when it is not well encoded UTF-8 */
export function decodeValue(text: string): string {
  return text.includes("%") ? decodeURIComponent(text) : text;
}

/** What is read of a NATS message. */
export interface EncodedMessage {
  readonly subject: string;
  readonly headers?: Iterable<[string, string[]]>;
  readonly data: Uint8Array;
}

/** The inverse of {@link encodeEntry}. @throws Error that says why the message is no entry of a log */
export function decodeEntry(encoded: EncodedMessage, sequence: number): ReceivedEntry {
  const attributes: Record<string, unknown> = {};
  const other: Record<string, string> = {};
  for (const [key, [value = ""]] of encoded.headers ?? []) {
    const name = key.toLowerCase();
    if (name.startsWith("ce-")) attributes[name.slice(3)] = decodeValue(value);
    else other[name] = value;
  }
  const isWhole = other["content-type"]?.startsWith(structured) ?? false;
  const isWithheld = other["tidings-withheld"] !== undefined;
  const content = encoded.data.length === 0 ? null : JSON.parse(utf8.decode(encoded.data));
  const event = isWhole ? { data: null, ...content } : { ...attributes, data: isWithheld ? null : content };
  return {
    partition: integer(encoded.subject.split(".")[2], "partition"),
    position: integer(other["tidings-position"], "header Tidings-Position"),
    previous: integer(other["tidings-previous"], "header Tidings-Previous"),
    sequence,
    message: fromCloudEvent(event),
  };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function integer(text: string | undefined, name: string): number {
  if (text !== undefined && /^\d{1,15}$/.test(text)) return Number(text);
  throw new Error(`The message has no ${name} that is a whole number.`);
}
