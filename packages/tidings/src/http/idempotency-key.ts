import { createHash } from "node:crypto";
import type { KeyedCall } from "@tidings/postgres/internal";
import type { FastifyRequest } from "fastify";
import { headerProblem } from "./problem.ts";
import { requestState } from "./request-state.ts";

const maxLength = 255;

/**
 * The request's `Idempotency-Key`, bare or as a quoted string.
 * @throws Problem `validation-failed` when it is empty, longer than 255 characters or not printable ASCII
 */
export function parseIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = String(header).trim();
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)?.[1];
  const key = quoted === undefined ? text : quoted.replace(/\\(["\\])/g, "$1");
  if (!/^[\x20-\x7e]+$/.test(key))
    throw headerProblem("Idempotency-Key", "must be printable ASCII, and not empty");
  if (key.length > maxLength)
    throw headerProblem("Idempotency-Key", `must be at most ${maxLength} characters`);
  return key;
}

/**
 * What the request's key stands for, or undefined without a key. The fingerprint is the SHA-256 of the method, the URL
 * and the body as it was sent, before validation.
 */
export function keyedCallOf(request: FastifyRequest): KeyedCall | undefined {
  const key = parseIdempotencyKey(request.headers["idempotency-key"]);
  return key === undefined ? undefined : { caller: request.actor, key, fingerprint: fingerprintOf(request) };
}

function fingerprintOf(request: FastifyRequest): Buffer {
  const body = request[requestState].unreadable ?? canonicalJson(request.body);
  return createHash("sha256").update(`${request.method}\n${request.url}\n${body}`).digest();
}

/** JSON with sorted fields and no blanks: equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (value === undefined) return "";
  return JSON.stringify(value, (_, member: unknown) => (isRecord(member) ? sorted(member) : member));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(record: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(record).sort();
  return Object.fromEntries(names.map((name) => [name, record[name]]));
}
