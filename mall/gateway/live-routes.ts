import websocket from "@fastify/websocket";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type LiveTickets, upgradeOnlyHere } from "tidings/internal";
import type { WebSocket } from "ws";
import { answerClient } from "./answer-client.ts";
import { answeredAlready } from "./answered-already.ts";
import type { Call } from "./exchange.ts";
import type { Forwarder } from "./forwarder.ts";
import { LiveClient } from "./live-client.ts";
import { LiveCredentials } from "./live-credentials.ts";
import { LiveSockets } from "./live-sockets.ts";
import { lookUp } from "./look-up.ts";
import type { OperationOwners } from "./operation-owners.ts";
import type { UpstreamGroup } from "./upstream-group.ts";

export interface LiveRouteOptions {
  readonly forwarder: Forwarder;
  readonly owners: OperationOwners;
  readonly anyService: UpstreamGroup;
  /** Which service offers a kind of thing. */
  readonly offers: ReadonlyMap<string, UpstreamGroup>;
  readonly liveMs: number;
  /** With the key of the services; see {@link LiveCredentials}. */
  readonly tickets?: LiveTickets | undefined;
}

const path = "/api/live";
const maxMessageBytes = 8_192;

/**
 * `GET /api/live`, the WebSocket on which a client follows operations and things of all services, and
 * `POST /api/live/tickets`. Whether a client may connect is asked of a service: it is answered with 400, that this address
 * takes WebSockets, by a service that would let it in. When the gateway closes, connections are closed with 1001.
 */
export async function liveRoutes(app: FastifyInstance, options: LiveRouteOptions): Promise<void> {
  const { forwarder, anyService } = options;
  const sockets = new LiveSockets();
  await app.register(websocket, {
    options: { maxPayload: 8 * maxMessageBytes, clientTracking: false },
    errorHandler: (_error, socket) => socket.close(),
    preClose: (done) => {
      sockets.close();
      done();
    },
  });
  upgradeOnlyHere(app);
  const forwarding = { limiter: anyService.limiter, ask: (call: Call) => forwarder.ask(anyService, call) };
  const admitted = new WeakMap<FastifyRequest, Admitted>();
  app.route({
    method: "GET",
    url: path,
    config: { takesTicket: true },
    onRequest: async (request, reply) => {
      if (!(request.ws && request.method === "GET")) return forwarder.forward(request, reply, forwarding);
      const client = await admit(request, reply, options);
      if (client) admitted.set(request, client);
      return client ? undefined : reply;
    },
    handler: answeredAlready,
    wsHandler: (socket: WebSocket, request: FastifyRequest) => {
      const { call, credentials } = admitted.get(request) as Admitted;
      sockets.add(socket, request, (refused) => clientFor(call, credentials, options, refused));
    },
  });
  app.post(`${path}/tickets`, {
    onRequest: (request, reply) => forwarder.forward(request, reply, forwarding),
    handler: answeredAlready,
  });
}

interface Admitted {
  readonly call: Call;
  readonly credentials: LiveCredentials;
}

/** @returns who connects; undefined when a service has refused it, which is answered. @throws Problem when it is too much */
async function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  { forwarder, anyService, tickets }: LiveRouteOptions,
): Promise<Admitted | undefined> {
  forwarder.assertCapacity();
  const leave = await forwarder.long.enter();
  request.raw.socket.once("close", leave);
  if (request.raw.socket.destroyed) leave();
  const call = forwarder.callOf(request);
  const answer = await forwarder.ask(anyService, call);
  if (answer.status !== 400) {
    answerClient(reply, answer, forwarder.streams);
    return undefined;
  }
  const askForTicket = (ticketCall: Call) => forwarder.ask(anyService, ticketCall);
  return { call, credentials: await LiveCredentials.of(request, call, { tickets, askForTicket }) };
}

function clientFor(
  call: Call,
  credentials: LiveCredentials,
  { forwarder, owners, offers, liveMs }: LiveRouteOptions,
  refused: () => void,
): LiveClient {
  const findOwner = (id: string, signal: AbortSignal) => {
    const asked = { ...call, headers: credentials.headers, path: credentials.path(`/api/operations/${id}`) };
    return owners.find(id, (group, found) => forwarder.ask(group, lookUp({ ...asked, signal }, found)));
  };
  return new LiveClient({ credentials, offers, findOwner, liveMs, refused });
}
