import type { OutgoingHttpHeaders } from "node:http";
import type { FastifyRequest } from "fastify";
import type { LiveTickets } from "tidings/internal";
import type { Call, UpstreamAnswer } from "./exchange.ts";

/**
 * Who opened a WebSocket, said to each service that it follows something of, also long after it was opened. With the key
 * that the services sign tickets with, each is given a new ticket; without, what the client sent, which may have expired
 * by then.
 */
export class LiveCredentials {
  readonly headers: OutgoingHttpHeaders;
  readonly #query: string;
  readonly #renew: (() => string) | undefined;

  private constructor(call: Call, query: string, renew?: () => string) {
    const { authorization: _authorization, ...anonymous } = call.headers;
    this.headers = renew ? anonymous : call.headers;
    this.#query = query;
    this.#renew = renew;
  }

  /**
   * @param call the request that opened the WebSocket, which a service has let in
   * @param askForTicket asks a service for a ticket
   */
  static async of(
    request: FastifyRequest,
    call: Call,
    { tickets, askForTicket }: TicketSource,
  ): Promise<LiveCredentials> {
    const { url } = request.raw;
    const query = url?.includes("?") ? url.slice(url.indexOf("?")) : "";
    const { ticket } = request.query as { readonly ticket?: unknown };
    const isKnown = ticket !== undefined || call.headers.authorization !== undefined;
    if (!tickets || !isKnown) return new LiveCredentials(call, query);
    const identity = tickets.identityOf(ticket ?? (await ticketOf(call, askForTicket)));
    return new LiveCredentials(call, query, () => `?ticket=${tickets.issue(identity).ticket}`);
  }

  /** @returns an address with what stands for the credentials in its query */
  path(path: string): string {
    return path + (this.#renew?.() ?? this.#query);
  }
}

export interface TicketSource {
  readonly tickets: Pick<LiveTickets, "identityOf" | "issue"> | undefined;
  readonly askForTicket: (call: Call) => Promise<UpstreamAnswer>;
}

async function ticketOf(call: Call, askForTicket: TicketSource["askForTicket"]): Promise<unknown> {
  const { body } = await askForTicket({ ...call, method: "POST", path: "/api/live/tickets" });
  return Buffer.isBuffer(body) ? (JSON.parse(body.toString()) as { ticket?: unknown }).ticket : undefined;
}
