import type { MessageKind } from "./contract.ts";
import type { Message, MessageHeaders } from "./message.ts";

/** A message as a CloudEvents 1.0 JSON object (structured mode), with the documented extensions. */
export interface CloudEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: string;
  time: string;
  datacontenttype: "application/json";
  dataschema: string;
  partitionkey: string;
  correlationid: string;
  causationid?: string;
  traceparent?: string;
  tracestate?: string;
  messagekind: MessageKind;
  operationid?: string;
  operationservice?: string;
  saga?: string;
  to?: string;
  replyto?: string;
  actor?: string;
  data: unknown;
}

/** Maps a message to CloudEvents 1.0: `source` becomes `urn:tidings:<service>`, `dataschema` carries type and version. */
export function toCloudEvent(message: Message): CloudEvent {
  const { operationId, operationService, replyTo, ...headers } = message.headers;
  return {
    specversion: "1.0",
    id: message.id,
    source: `urn:tidings:${message.source}`,
    type: message.type,
    time: message.time,
    datacontenttype: "application/json",
    dataschema: `urn:tidings:${message.type}:${message.version}`,
    partitionkey: message.key,
    correlationid: message.correlationId,
    ...(message.causationId !== null && { causationid: message.causationId }),
    messagekind: message.kind,
    ...headers,
    ...(operationId !== undefined && { operationid: operationId }),
    ...(operationService !== undefined && { operationservice: operationService }),
    ...(replyTo !== undefined && { replyto: replyTo }),
    data: message.data,
  };
}

/** The inverse of {@link toCloudEvent}. @throws Error when a required attribute is missing or of another shape. */
export function fromCloudEvent(event: unknown): Message {
  const ce = (event ?? {}) as Record<string, unknown>;
  if (ce.specversion !== "1.0")
    throw new Error(`CloudEvents specversion ${String(ce.specversion)} is not 1.0.`);
  const text = (name: string): string => {
    const value = ce[name];
    if (typeof value !== "string" || value === "")
      throw new Error(`The CloudEvent has no attribute "${name}".`);
    return value;
  };
  const shaped = (name: string, shape: RegExp): string => {
    const value = text(name);
    if (!shape.test(value)) throw new Error(`The CloudEvent's attribute "${name}" is not of its shape.`);
    return value;
  };
  const optional = (name: string) =>
    typeof ce[name] === "string" ? { [headerNames[name] ?? name]: ce[name] } : {};
  const headers: MessageHeaders = Object.assign({}, ...Object.keys(headerNames).map(optional));
  return {
    id: text("id"),
    kind: shaped("messagekind", /^(event|command|reply)$/) as MessageKind,
    type: text("type"),
    version: Number(
      shaped("dataschema", /:[1-9]\d*$/)
        .split(":")
        .at(-1),
    ),
    source: text("source").replace(/^urn:tidings:/, ""),
    key: text("partitionkey"),
    time: shaped("time", timestamp),
    data: ce.data,
    correlationId: text("correlationid"),
    causationId: typeof ce.causationid === "string" ? ce.causationid : null,
    headers,
  };
}

/** RFC 3339. */
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

const headerNames: Readonly<Record<string, keyof MessageHeaders>> = {
  operationid: "operationId",
  replyto: "replyTo",
  traceparent: "traceparent",
  tracestate: "tracestate",
  actor: "actor",
  operationservice: "operationService",
  saga: "saga",
  to: "to",
};
