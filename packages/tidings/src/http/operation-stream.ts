import type { Operation } from "@tidings/postgres/internal";
import type { FastifyReply } from "fastify";
import { EventStream, type EventStreamOptions, eventText } from "./event-stream.ts";
import type { LiveHub } from "./live-hub.ts";
import type { LiveState } from "./live-state.ts";

export interface OperationStreamOptions extends EventStreamOptions {
  readonly live: LiveHub;
  /** How the operation stands, as the caller may see it. */
  readonly state: LiveState;
}

/**
 * Answers with the events of one operation: how it stands, each change, and at last `event: done`. Each has the
 * operation's version as its id. A client that comes back with `Last-Event-ID` gets what it has not seen; one that has
 * seen all of it gets 204, at which an `EventSource` comes back no more.
 */
export function streamOperation(reply: FastifyReply, options: OperationStreamOptions): FastifyReply {
  const { live, state } = options;
  const seen = lastEventId(reply.request.headers["last-event-id"]);
  if (isDone(state) && seen === state.version)
    return reply.code(204).header("cache-control", "no-store").send();
  const stream = new EventStream(reply, options);
  if (isDone(state)) {
    stream.end(lastEvents(state));
    return reply;
  }
  if (seen !== state.version) stream.send(changeEvent(state));
  const changed = (next: LiveState) => {
    if (!isDone(next)) return stream.send(changeEvent(next));
    leave();
    stream.end(lastEvents(next));
  };
  const interrupt = () => stream.interrupt();
  const leave = live.follow(
    { kind: "operations", id: idOf(state) },
    { changed, missing: interrupt, closed: interrupt },
    state.version,
  );
  stream.onClose(leave);
  return reply;
}

function isDone(state: LiveState): boolean {
  return (state.data as Operation).done;
}

function idOf({ topic }: LiveState): string {
  return topic.slice("operations/".length);
}

function changeEvent({ version, text }: LiveState): string {
  return eventText({ id: version, data: text });
}

/** In one piece, so that who gets the last change also gets the end. */
function lastEvents(state: LiveState): string {
  return changeEvent(state) + eventText({ id: state.version, data: state.text, name: "done" });
}

function lastEventId(header: string | string[] | undefined): number | undefined {
  return typeof header === "string" && /^\d{1,9}$/.test(header) ? Number(header) : undefined;
}
