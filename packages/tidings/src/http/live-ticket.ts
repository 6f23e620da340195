import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "@tidings/core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Problem } from "./problem.ts";

/** So long a ticket may be used. */
const lifetimeMs = 60_000;

/**
 * Short-lived stand-ins for the credentials that a browser cannot send when it opens a WebSocket or an `EventSource`.
 * A ticket carries its identity, readable but signed, so it is good at every process that has the key. It may be used
 * again while it lasts, so that a connection that broke off can come back; and only at addresses with
 * `config: { takesTicket: true }`, so that one found in a log opens nothing else.
 */
export class LiveTickets {
  readonly #key: Buffer;
  readonly #clock: Clock;

  constructor(key: Buffer, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** @param identity anything that JSON can say */
  issue(identity: unknown): { readonly ticket: string; readonly expiresAt: string } {
    const expires = this.#clock.now().getTime() + lifetimeMs;
    const content = Buffer.from(JSON.stringify({ identity, expires })).toString("base64url");
    return {
      ticket: `${content}.${this.#sign(content).toString("base64url")}`,
      expiresAt: new Date(expires).toISOString(),
    };
  }

  /** @returns the identity of a ticket. @throws Problem `unauthorized` when it is not ours, or too old */
  identityOf(ticket: unknown): unknown {
    const [content = "", signature = ""] = typeof ticket === "string" ? ticket.split(".") : [];
    const [given, right] = [Buffer.from(signature, "base64url"), this.#sign(content)];
    if (given.length !== right.length || !timingSafeEqual(given, right)) throw refused();
    const { identity, expires } = JSON.parse(Buffer.from(content, "base64url").toString());
    if (expires <= this.#clock.now().getTime()) throw refused();
    return identity;
  }

  #sign(content: string): Buffer {
    return createHmac("sha256", this.#key).update(content).digest();
  }
}

function refused(): Problem {
  return new Problem("unauthorized", "The ticket is not valid any more: get another one.");
}

/** Gives every request `ticketIdentity()`. */
export function readTickets(app: FastifyInstance, tickets: LiveTickets): void {
  app.decorateRequest("ticketIdentity", function (this: FastifyRequest) {
    const { ticket } = (this.query ?? {}) as { readonly ticket?: unknown };
    if (ticket === undefined || !this.routeOptions.config.takesTicket) return undefined;
    return tickets.identityOf(ticket);
  });
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether `?ticket=` may stand for the caller's credentials, as for those who cannot send headers. */
    takesTicket?: boolean;
  }

  interface FastifyRequest {
    /**
     * The identity in the request's `?ticket=`: what the application's `identify` said of who asked for the ticket.
     * Undefined when there is none, or the address takes none: then the caller needs other credentials.
     *
     * @throws Problem `unauthorized` when the ticket is not valid
     */
    ticketIdentity(): unknown;
  }
}
