import type { ConsistencyToken } from "@tidings/postgres/internal";
import { headerProblem } from "./problem.ts";

const maxLength = 8192;
const servicePattern = /^[a-z][a-z0-9-]{0,39}$/;
const positionPattern = /^([0-9a-z]{1,3})\.([0-9a-z]{1,11})$/;

/**
 * The token as a header: base64url of `{"stores":"0.1z,7.2b"}`, where each entry is partition and position in base 36.
 * Nine services with 32 partitions each, all of them named, take less than 5 KiB.
 */
export function encodeToken(token: ConsistencyToken): string {
  const services = [...token].map(([service, positions]) => [service, encodePositions(positions)]);
  return Buffer.from(JSON.stringify(Object.fromEntries(services))).toString("base64url");
}

function encodePositions(positions: ReadonlyMap<number, number>): string {
  return [...positions]
    .map(([partition, position]) => `${partition.toString(36)}.${position.toString(36)}`)
    .join(",");
}

/** @throws Problem `validation-failed` when the header is not a token of ours, or larger than 8 KiB */
export function decodeToken(header: string | string[] | undefined): ConsistencyToken {
  if (header === undefined) return new Map();
  if (typeof header !== "string" || header.length > maxLength || !/^[\w-]+$/.test(header)) throw malformed();
  const token = new Map<string, ReadonlyMap<number, number>>();
  for (const [service, positions] of Object.entries(
    parseObject(Buffer.from(header, "base64url").toString()),
  )) {
    if (!servicePattern.test(service) || typeof positions !== "string") throw malformed();
    token.set(service, new Map(positions.split(",").map(decodePosition)));
  }
  return token;
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Answered below, like any other text that is not a token.
  }
  throw malformed();
}

function decodePosition(text: string): [number, number] {
  const [, partition = "", position = ""] = positionPattern.exec(text) ?? [];
  const entry: [number, number] = [Number.parseInt(partition, 36), Number.parseInt(position, 36)];
  if (!(entry[0] <= 0x7fff && Number.isSafeInteger(entry[1]))) throw malformed();
  return entry;
}

function malformed() {
  return headerProblem("Consistency-Token", "is not a token that this server sent");
}

/** A token that covers both: the higher position of each partition. */
export function mergeTokens(one: ConsistencyToken, other: ConsistencyToken): ConsistencyToken {
  if (other.size === 0) return one;
  const merged = new Map(one);
  for (const [service, positions] of other) {
    const highest = new Map(merged.get(service));
    for (const [partition, position] of positions) {
      highest.set(partition, Math.max(position, highest.get(partition) ?? 0));
    }
    merged.set(service, highest);
  }
  return merged;
}

/** The token of one commit. */
export function tokenOf(service: string, positions: ReadonlyMap<number, number>): ConsistencyToken {
  return positions.size === 0 ? new Map() : new Map([[service, positions]]);
}
