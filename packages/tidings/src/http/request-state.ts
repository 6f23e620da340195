import type { ConsistencyToken, KeyedCall } from "@tidings/postgres/internal";
import type { FastifyRequest } from "fastify";

/** What the HTTP pieces remember of a request while it is answered. */
export interface RequestState {
  /** The body's text, when it could not be read as JSON. */
  unreadable: string | undefined;
  /** Whether the request got past authentication, so that its answer may be stored under its idempotency key. */
  admitted: boolean;
  call: KeyedCall | undefined;
  token: ConsistencyToken;
  /** The member of a list in `If-Match` that is being tried. */
  triedVersion: number | undefined;
}

export const requestState: unique symbol = Symbol("tidings.requestState");

const noToken: ConsistencyToken = new Map();

export function newRequestState(): RequestState {
  return { unreadable: undefined, admitted: false, call: undefined, token: noToken, triedVersion: undefined };
}

/** The request's path without its query. */
export function pathOf(request: Pick<FastifyRequest, "url">): string {
  const query = request.url.indexOf("?");
  return query < 0 ? request.url : request.url.slice(0, query);
}

/** Whether the request may change something. */
export function isWrite(request: Pick<FastifyRequest, "method">): boolean {
  return request.method !== "GET" && request.method !== "HEAD" && request.method !== "OPTIONS";
}

declare module "fastify" {
  interface FastifyRequest {
    [requestState]: RequestState;
  }
}
