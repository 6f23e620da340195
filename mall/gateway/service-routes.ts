import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { Service, ServiceHttp } from "tidings";
import { decodeToken, encodeToken } from "tidings/internal";
import { answeredAlready } from "./answered-already.ts";
import type { Call } from "./exchange.ts";
import type { Forwarder } from "./forwarder.ts";
import type { OperationOwners } from "./operation-owners.ts";
import type { UpstreamGroup } from "./upstream-group.ts";

export interface ServiceRouteOptions {
  readonly group: UpstreamGroup;
  readonly forwarder: Forwarder;
  readonly owners: OperationOwners;
}

/**
 * Adds a service's routes as the service itself does, so that documents and other methods are answered as there; their
 * requests are passed on, before anything is made of their bodies. Hooks of the service belong to where it works.
 */
export async function serviceRoutes(
  app: FastifyInstance,
  service: Pick<Service, "http">,
  options: ServiceRouteOptions,
): Promise<void> {
  const addRoutes = async (scope: FastifyInstance): Promise<void> => {
    scope.addHook("onRoute", (route) => {
      route.onRequest = (request, reply) => passOn(request, reply, options);
      route.handler = answeredAlready;
    });
    scope.addHook("onSend", async (request, reply) => addToken(request, reply));
    await service.http?.(withoutHooks(scope as unknown as ServiceHttp));
  };
  await app.register(addRoutes as FastifyPluginAsync);
}

function passOn(
  request: FastifyRequest,
  reply: FastifyReply,
  { group, forwarder, owners }: ServiceRouteOptions,
): Promise<FastifyReply> {
  const ask = async (call: Call) => {
    const answer = await forwarder.ask(group, call);
    owners.learn(group, answer);
    return answer;
  };
  const mayWait = request.routeOptions.config.waitsForOperation && forwarder.isLong(request);
  return forwarder.forward(request, reply, { limiter: mayWait ? forwarder.long : group.limiter, ask });
}

function withoutHooks(scope: ServiceHttp): ServiceHttp {
  const addHook = () => registrar;
  const registrar: ServiceHttp = Object.create(scope, { addHook: { value: addHook } });
  return registrar;
}

/** An answer of the gateway itself to a write carries the request's token on, as an answer of the service does. */
function addToken({ method, headers }: FastifyRequest, reply: FastifyReply): void {
  if (["GET", "HEAD", "OPTIONS"].includes(method) || reply.hasHeader("consistency-token")) return;
  reply.header("consistency-token", carriedToken(headers["consistency-token"]));
}

/** An empty one when it is none of ours. */
function carriedToken(header: string | string[] | undefined): string {
  try {
    return encodeToken(decodeToken(header));
  } catch {
    return encodeToken(new Map());
  }
}
