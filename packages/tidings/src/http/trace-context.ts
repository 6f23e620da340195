import type { MessageHeaders } from "@tidings/core";
import type { FastifyRequest } from "fastify";

const version00 = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const laterVersion = /^(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/** The W3C trace context of a request; nothing when it is not valid. */
export function traceContextOf({
  headers,
}: Pick<FastifyRequest, "headers">): Pick<MessageHeaders, "traceparent" | "tracestate"> {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== "string" || traceparent.length > 256) return {};
  if (!version00.test(traceparent) && !laterVersion.test(traceparent)) return {};
  return isTraceState(tracestate) ? { traceparent, tracestate } : { traceparent };
}

function isTraceState(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.length <= 512 &&
    value.split(",").length <= 32 &&
    /^[\x20-\x7e]+$/.test(value)
  );
}
