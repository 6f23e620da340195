import type { IncomingMessage, Server } from "node:http";
import websocket from "@fastify/websocket";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import { decodeToken, encodeToken } from "./consistency-token.ts";
import { comeBack, LiveConnection } from "./live-connection.ts";
import type { LiveHub } from "./live-hub.ts";
import { maxMessageBytes } from "./live-message.ts";
import type { LiveTickets } from "./live-ticket.ts";
import type { MaySee } from "./operation-routes.ts";
import { Problem } from "./problem.ts";

export interface LiveRouteOptions {
  readonly live: LiveHub;
  readonly tickets: LiveTickets;
  readonly maySee?: MaySee | undefined;
  /** What a ticket says of who asked for it: `request.actor`, when left out. */
  readonly identify?: ((request: FastifyRequest) => unknown) | undefined;
  /** More connections than this are closed with 1013: 1,000. */
  readonly maxConnections?: number;
  /** How often a ping is sent; who has not answered the one before is cut off: every 20,000 ms. */
  readonly heartbeatMs?: number;
}

const path = "/api/live";

/**
 * `GET /api/live`, the WebSocket on which clients follow operations and what services offer (see
 * {@link LiveConnection}), and `POST /api/live/tickets`, which a browser opens it with (see {@link LiveTickets}). A page
 * of another origin cannot open it. When the application closes, connections are closed with 1001.
 */
export async function liveRoutes(app: FastifyInstance, options: LiveRouteOptions): Promise<void> {
  const { live, tickets, maySee, identify = ({ actor }) => actor } = options;
  const connections = new Connections(options);
  await app.register(websocket, {
    options: { maxPayload: 8 * maxMessageBytes, clientTracking: false },
    errorHandler: (_error, socket) => socket.close(),
    preClose: (done) => {
      connections.close();
      done();
    },
  });
  upgradeOnlyHere(app);
  app.route({
    method: "GET",
    url: path,
    config: { takesTicket: true },
    preValidation: async (request) => refuseOtherOrigins(request),
    handler: async () => {
      throw new Problem("bad-request", "This address takes WebSocket connections.");
    },
    wsHandler: (socket, request) => connections.open(socket, request, { live, maySee }),
  });
  app.post(`${path}/tickets`, async (request, reply) => {
    const ticket = tickets.issue(identify(request));
    const token = encodeToken(decodeToken(request.headers["consistency-token"]));
    const location = `${path}?ticket=${ticket.ticket}`;
    return reply
      .code(201)
      .headers({ location, "cache-control": "no-store", "consistency-token": token })
      .send(ticket);
  });
}

/**
 * Other addresses answer a request that would like to be upgraded, for example to HTTP/2, as if it would not. An upgrade
 * that is refused ends the connection, which the server no longer looks after, also where a hook refused it before the
 * plugin knew of it.
 */
export function upgradeOnlyHere(app: FastifyInstance): void {
  const server = app.server as Server & { shouldUpgradeCallback?: (request: IncomingMessage) => boolean };
  server.shouldUpgradeCallback = ({ method, url = "", headers }) =>
    method === "GET" && url.split("?", 1)[0] === path && headers.upgrade?.toLowerCase() === "websocket";
  app.addHook("onResponse", (request, _reply, done) => {
    if ((request.raw as IncomingMessage & { upgrade?: boolean }).upgrade) request.raw.socket.destroy();
    done();
  });
}

/** A browser sends cookies and reaches local addresses on behalf of any page: only pages of this host may connect. */
function refuseOtherOrigins({ headers, host }: FastifyRequest): void {
  const { origin } = headers;
  if (origin === undefined) return;
  const from = URL.canParse(origin) ? new URL(origin) : undefined;
  const here = from && URL.canParse(`${from.protocol}//${host}`) && new URL(`${from.protocol}//${host}`).host;
  if (!from?.host || from.host !== here)
    throw new Problem("forbidden", "A page of another origin cannot connect.");
}

/** The WebSockets of this process. */
class Connections {
  readonly #open = new Set<LiveConnection>();
  readonly #max: number;
  readonly #heartbeatMs: number;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor({ maxConnections = 1_000, heartbeatMs = 20_000 }: LiveRouteOptions) {
    this.#max = maxConnections;
    this.#heartbeatMs = heartbeatMs;
  }

  open(
    socket: WebSocket,
    request: FastifyRequest,
    options: { readonly live: LiveHub; readonly maySee: MaySee | undefined },
  ): void {
    const connection = new LiveConnection({ socket, request, ...options });
    if (options.live.isClosed) connection.close(1001, comeBack);
    else if (this.#open.size >= this.#max) connection.close(1013, "Too many connections: come back later.");
    else this.#add(connection, socket);
  }

  close(): void {
    for (const connection of this.#open) connection.close(1001, comeBack);
  }

  #add(connection: LiveConnection, socket: WebSocket): void {
    this.#open.add(connection);
    this.#heartbeat ??= setInterval(() => this.#beat(), this.#heartbeatMs);
    socket.on("close", () => this.#forget(connection));
  }

  #beat(): void {
    for (const connection of this.#open) connection.beat();
  }

  #forget(connection: LiveConnection): void {
    this.#open.delete(connection);
    if (this.#open.size > 0) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
  }
}
