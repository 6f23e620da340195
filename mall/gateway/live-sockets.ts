import type { FastifyRequest } from "fastify";
import { comeBack, LiveConnection } from "tidings/internal";
import type { WebSocket } from "ws";
import type { LiveClient } from "./live-client.ts";

const heartbeatMs = 20_000;

/** The WebSockets of the gateway's clients. Who has not answered the last heartbeat is cut off. */
export class LiveSockets {
  readonly #open = new Set<LiveConnection>();
  readonly #heartbeat = setInterval(() => this.#beat(), heartbeatMs);
  #isClosed = false;

  /** @param clientFor makes what the client follows, given what closes its connection */
  add(socket: WebSocket, request: FastifyRequest, clientFor: (close: () => void) => LiveClient): void {
    const client = clientFor(() => connection.close(1001, comeBack));
    const connection = new LiveConnection({
      socket,
      request,
      live: client,
    });
    this.#open.add(connection);
    socket.on("close", () => {
      this.#open.delete(connection);
      client.close();
    });
    if (this.#isClosed) connection.close(1001, comeBack);
  }

  /** Closes them all: they are to come back. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#heartbeat);
    for (const connection of this.#open) connection.close(1001, comeBack);
  }

  #beat(): void {
    for (const connection of this.#open) connection.beat();
  }
}
