import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { FastifyRequest } from "fastify";

/** Those that concern one connection alone (RFC 9110, 7.6.1). */
const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const;

/** Those that the gateway says for itself. */
const ownOfRequest = ["content-length", "expect", "host"];
const ownOfAnswer = ["date"];

/** Those that services decide by: naming one in `Connection` does not take it away. */
const endToEnd = new Set([
  "origin",
  "authorization",
  "content-type",
  "idempotency-key",
  "if-match",
  "consistency-token",
  "processor-key",
]);

/** What proxies before this one said, or somebody who would like to pass for one. */
const told = /^(?:x-forwarded-.*|forwarded|x-real-ip)$/;
const handshake = /^sec-websocket-/;

/**
 * The headers of a request as its service gets them. `Host` is the client's own, also when it sent none: by it a service
 * tells whether a page of this machine asks. `X-Forwarded-*` are the gateway's, with what was there before if that is
 * trusted.
 */
export function forwardedHeaders(request: FastifyRequest, trustForwarded: boolean): OutgoingHttpHeaders {
  const { headers, socket } = request.raw;
  const kept = without(headers, ownOfRequest, (name) =>
    Boolean((!trustForwarded && told.test(name)) || handshake.test(name)),
  );
  const before = trustForwarded ? headers["x-forwarded-for"] : undefined;
  const host = headers.host ?? "";
  return {
    "x-forwarded-proto": "http",
    ...(host && { "x-forwarded-host": host }),
    ...kept,
    "x-forwarded-for": [before ?? [], socket.remoteAddress ?? []].flat().join(", "),
    host,
  };
}

/** The headers of an answer as the client gets them. */
export function answeredHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  return without(headers, ownOfAnswer, () => false);
}

function without(
  headers: IncomingHttpHeaders,
  own: readonly string[],
  isDropped: (name: string) => boolean,
): Record<string, string | string[]> {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const dropped = new Set([...hopByHop, ...own, ...named.filter((name) => !endToEnd.has(name))]);
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !dropped.has(name) && !isDropped(name)) kept[name] = value;
  }
  return kept;
}
