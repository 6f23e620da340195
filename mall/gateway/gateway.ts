import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { Service } from "tidings";
import { createHttpServer, drain, Health, LiveTickets, listen } from "tidings/internal";
import { Forwarder } from "./forwarder.ts";
import { Limiter } from "./limiter.ts";
import { defaultLimits, type GatewayLimits } from "./limits.ts";
import { liveRoutes } from "./live-routes.ts";
import { OperationOwners } from "./operation-owners.ts";
import { operationRoutes } from "./operation-routes.ts";
import { serviceRoutes } from "./service-routes.ts";
import { Upstreams } from "./upstreams.ts";

export interface GatewayOptions {
  /** The services whose routes it has, in the order of the document that describes them. */
  readonly services: readonly Pick<Service, "name" | "http" | "live">[];
  /** Where the processes of each service are, by its name. */
  readonly upstreams: Readonly<Record<string, readonly string[]>>;
  /** Adds what the gateway answers itself, before the routes of the services: documents, a welcome. */
  readonly http?: ((app: FastifyInstance) => void | Promise<void>) | undefined;
  /** 127.0.0.1: nobody else can reach it unless you say so. */
  readonly address?: string | undefined;
  /** 8080. 0 takes any free port. */
  readonly port?: number | undefined;
  readonly log: FastifyBaseLogger;
  /** Whether what a proxy before this one says in `X-Forwarded-*` is passed on: false, it is dropped. */
  readonly trustForwarded?: boolean | undefined;
  /** What all services sign the tickets of browsers with, so that a WebSocket outlasts the ticket that opened it. */
  readonly ticketKey?: Buffer | undefined;
  /** How long it goes on serving after `/readyz` has said that it ends, for load balancers to notice: 0. */
  readonly noticeMs?: number | undefined;
  readonly limits?: Partial<GatewayLimits> | undefined;
}

/** A gateway at work. */
export interface Gateway {
  readonly url: string;
  readonly app: FastifyInstance;
  /**
   * Ends without breaking a request: not ready → event streams and WebSockets are told to come back → running requests
   * finish, for {@link drainMs} at most. Safe to call twice.
   */
  close(): Promise<void>;
}

/** Longer than a request may wait for an operation. */
const drainMs = 25_000;

/**
 * Starts a gateway: one address with the API of services that are processes of their own. Requests go to the service
 * whose route it is, operations and what is followed live are found among all. It adds nothing to an answer and takes
 * nothing away; what cannot be served just now is answered with 503 and `Retry-After`.
 *
 * @throws TidingsError with one sentence for the user, when its address cannot be used
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const limits = { ...defaultLimits, ...options.limits };
  const upstreams = new Upstreams(options, limits);
  const forwarder = new Forwarder({ limits, trustForwarded: options.trustForwarded ?? false });
  const app = createHttpServer({ log: options.log });
  app.addHook("onClose", () => {
    upstreams.close();
    forwarder.close();
  });
  const health = new Health(upstreams.checks());
  try {
    await addRoutes(app, { ...options, limits, upstreams, forwarder, health });
    await upstreams.watch();
    const url = await listen(app, { address: options.address ?? "127.0.0.1", port: options.port ?? 8080 });
    health.started();
    let closed: Promise<unknown> | undefined;
    const close = async () => {
      closed ??= drain(app, { health, noticeMs: options.noticeMs ?? 0, timeoutMs: drainMs });
      await closed;
    };
    return { url, app, close };
  } catch (error) {
    await app.close();
    throw error;
  }
}

interface Parts extends Omit<GatewayOptions, "upstreams" | "limits"> {
  readonly limits: GatewayLimits;
  readonly upstreams: Upstreams;
  readonly forwarder: Forwarder;
  readonly health: Health;
}

/** In the order in which one process that has all services adds them: documents list routes in it. */
async function addRoutes(app: FastifyInstance, parts: Parts): Promise<void> {
  const { services, upstreams, forwarder, health, limits, ticketKey } = parts;
  const { anyService } = upstreams;
  const { inFlight: inside, queued, queueMs: waitMs } = limits;
  const owners = new OperationOwners(upstreams.groups, new Limiter({ inside, queued, waitMs }));
  const tickets = ticketKey && new LiveTickets(ticketKey, { now: () => new Date() });
  app.addHook("preClose", async () => forwarder.interrupt());
  await parts.http?.(app);
  health.routes(app);
  operationRoutes(app, { forwarder, owners, anyService });
  const offers = upstreams.offers(services);
  await liveRoutes(app, { forwarder, owners, anyService, offers, liveMs: limits.liveMs, tickets });
  for (const service of services)
    await serviceRoutes(app, service, { group: upstreams.of(service.name), forwarder, owners });
}
