import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { EventStreamRelay } from "./event-stream-relay.ts";
import type { UpstreamAnswer } from "./exchange.ts";
import { answeredHeaders } from "./forwarded-headers.ts";

/** The event streams that pass through, to be ended when the gateway closes or their service is gone. */
export class EventStreams {
  readonly #open = new Set<EventStreamRelay>();

  /** @returns what passes the events on; it ends, with a word, where the source breaks off */
  relay(source: IncomingMessage): EventStreamRelay {
    const relay = new EventStreamRelay();
    this.#open.add(relay);
    source.on("error", () => relay.interrupt());
    source.on("close", () => relay.interrupt());
    relay.on("close", () => {
      this.#open.delete(relay);
      source.destroy();
    });
    return source.pipe(relay);
  }

  interruptAll(): void {
    for (const relay of [...this.#open]) relay.interrupt();
  }
}

/** Answers a client as the upstream has answered. */
export function answerClient(
  reply: FastifyReply,
  { status, headers, body }: UpstreamAnswer,
  streams: EventStreams,
): FastifyReply {
  reply.code(status).headers(answeredHeaders(headers));
  if (!reply.request.raw.complete) reply.header("connection", "close");
  if (reply.request.method === "HEAD") return reply.send(Readable.from([]));
  if (Buffer.isBuffer(body)) return body.length > 0 ? reply.send(body) : reply.send();
  if (!headers["content-type"]?.startsWith("text/event-stream")) return reply.send(body);
  return reply.header("connection", "close").send(streams.relay(body));
}
