import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Problem } from "tidings";
import { EventStream, prefersEventStream } from "tidings/internal";
import { answeredAlready } from "./answered-already.ts";
import type { Call, UpstreamAnswer } from "./exchange.ts";
import type { Forwarder } from "./forwarder.ts";
import { lookUp } from "./look-up.ts";
import type { OperationOwners } from "./operation-owners.ts";
import type { UpstreamGroup } from "./upstream-group.ts";

export interface OperationRouteOptions {
  readonly forwarder: Forwarder;
  readonly owners: OperationOwners;
  readonly anyService: UpstreamGroup;
}

/**
 * `GET /api/operations/{id}`: found among all services, and answered by the one that keeps it. That there is none is
 * said only when all services say so; while one of them cannot be asked, the client is told to come back.
 */
export function operationRoutes(app: FastifyInstance, options: OperationRouteOptions): void {
  const { forwarder, owners, anyService } = options;
  const answer = async (call: Call, id: string): Promise<UpstreamAnswer> => {
    const found = await owners.find(id, (group, signal) => forwarder.ask(group, lookUp(call, signal)));
    return found.owner ? forwarder.askPatiently(found.owner, call) : found.answer;
  };
  app.get<{ Params: { id: string } }>("/api/operations/:id", {
    config: { takesTicket: true },
    onRequest: async (request, reply) => {
      const { id } = request.params as { id: string };
      const limiter = forwarder.isLong(request) ? forwarder.long : anyService.limiter;
      const ask = (call: Call) => answer(call, id.toLowerCase());
      return forwarder
        .forward(request, reply, { limiter, ask })
        .catch((error) => comeBackLater(error, request, reply));
    },
    handler: answeredAlready,
  });
}

/** An `EventSource` that gets an error never comes back: it is told to, while a service cannot be reached. */
function comeBackLater(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const isStream = request.method === "GET" && prefersEventStream(request.headers.accept);
  if (!isStream || !(error instanceof Problem && error.status === 503)) throw error;
  new EventStream(reply).interrupt();
  return reply;
}
