import { randomUUID } from "node:crypto";
import type { LogEntry, Message } from "@tidings/core";

/** The entries of one partition of a log, at these positions. */
export function logOf(
  partition: number,
  positions: readonly number[],
  message: Partial<Message> = {},
): LogEntry[] {
  return positions.map((position, index) => ({
    partition,
    position,
    previous: positions[index - 1] ?? 0,
    message: messageOf({ data: { position }, ...message }),
  }));
}

export function messageOf(message: Partial<Message> = {}): Message {
  return {
    id: randomUUID(),
    kind: "event",
    type: "shop.Sold",
    version: 1,
    source: "shop",
    key: "key",
    time: "2026-01-01T00:00:00.000Z",
    data: {},
    correlationId: randomUUID(),
    causationId: null,
    headers: {},
    ...message,
  };
}
