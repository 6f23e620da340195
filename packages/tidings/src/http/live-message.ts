import { isUuid } from "@tidings/core";
import { Problem } from "./problem.ts";

/** What a client asks for on the WebSocket: `{"subscribe":["operations/…"]}`, `{"unsubscribe":["orders/…"]}`. */
export interface LiveMessage {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
}

/** Bytes: enough for {@link maxTopics} topics. */
export const maxMessageBytes = 8_192;
/** Topics of one connection. */
export const maxTopics = 100;

/** @throws Problem when it is not JSON (400), not such a message (422), or too large (413) */
export function parseLiveMessage(data: Buffer, isBinary: boolean): LiveMessage {
  if (data.length > maxMessageBytes)
    throw new Problem("payload-too-large", `A message has ${maxMessageBytes} bytes at most.`);
  const message = isBinary ? undefined : parse(data.toString());
  if (message === undefined)
    throw new Problem("malformed-json", "A message is a JSON object in a text frame.");
  const { subscribe, unsubscribe } = (message ?? {}) as Record<string, unknown>;
  const isEmpty = subscribe === undefined && unsubscribe === undefined;
  if (isEmpty || !isTopics(subscribe) || !isTopics(unsubscribe)) {
    throw new Problem(
      "validation-failed",
      `A message has "subscribe" or "unsubscribe": an array of ${maxTopics} texts at most, such as "operations/…".`,
    );
  }
  return { subscribe: subscribe ?? [], unsubscribe: unsubscribe ?? [] };
}

/** What a topic names, or undefined when nothing can have that name. */
export function parseTopic(topic: string): { readonly kind: string; readonly id: string } | undefined {
  const slash = topic.indexOf("/");
  const [kind, id] = [topic.slice(0, slash), topic.slice(slash + 1)];
  return slash > 0 && isUuid(id) ? { kind, id: id.toLowerCase() } : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTopics(value: unknown): value is string[] | undefined {
  if (value === undefined) return true;
  return (
    Array.isArray(value) && value.length <= maxTopics && value.every((topic) => typeof topic === "string")
  );
}
