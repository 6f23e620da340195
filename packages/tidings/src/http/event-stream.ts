import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";

export interface EventStreamOptions {
  /** How often a comment is sent, so that nobody on the way takes the connection for dead: every 15,000 ms. */
  readonly heartbeatMs?: number;
}

/**
 * A `text/event-stream` of states, of which only the last counts: while the client is slow, the newest one waits and
 * replaces the one that waited before, so that a client that never reads costs no more than two of them. It is cut off
 * when it has taken nothing from one heartbeat to the next.
 */
export class EventStream {
  readonly #raw: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;
  #waiting: string | undefined;
  #isStalled = false;

  /** Answers the request: from here on the reply is the stream's own. */
  constructor(reply: FastifyReply, options: EventStreamOptions = {}) {
    reply.headers({
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      connection: "close",
    });
    reply.hijack();
    this.#raw = reply.raw;
    this.#raw.writeHead(200, reply.getHeaders() as Record<string, string>);
    this.#raw.on("drain", () => this.#drained());
    this.#raw.on("error", () => {});
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs ?? 15_000);
    this.onClose(() => clearInterval(this.#heartbeat));
    this.#raw.write(`retry: ${comeBackMs()}\n\n`);
  }

  /** Calls back once, when the client has gone away or has got everything. */
  onClose(callback: () => void): void {
    if (this.#raw.closed) callback();
    else this.#raw.once("close", callback);
  }

  /** Sends a state, or keeps it until the client has taken what was sent before. */
  send(text: string): void {
    if (this.#raw.writableNeedDrain) this.#waiting = text;
    else this.#raw.write(text);
  }

  /** Sends this as the last of it. */
  end(text = ""): void {
    this.#waiting = undefined;
    this.#raw.end(text);
  }

  /** Ends it in the middle: the client is to come back, and to say what it has seen. */
  interrupt(): void {
    this.end(`retry: ${comeBackMs()}\n\n`);
  }

  #drained(): void {
    this.#isStalled = false;
    const text = this.#waiting;
    this.#waiting = undefined;
    if (text !== undefined) this.send(text);
  }

  #beat(): void {
    if (this.#raw.writableLength === 0) this.#isStalled = false;
    else if (this.#isStalled) this.#raw.destroy();
    else this.#isStalled = true;
    if (!this.#raw.writableNeedDrain && !this.#raw.writableEnded) this.#raw.write(":\n\n");
  }
}

/** An event as it is sent: without a name it is what a browser's `onmessage` gets. `data` is JSON, on one line. */
export function eventText(event: {
  readonly id: number;
  readonly data: string;
  readonly name?: string;
}): string {
  return `${event.name === undefined ? "" : `event: ${event.name}\n`}id: ${event.id}\ndata: ${event.data}\n\n`;
}

/** Between one and three seconds, so that after a restart not everybody comes back at once. */
function comeBackMs(): number {
  return 1_000 + Math.floor(Math.random() * 2_000);
}
