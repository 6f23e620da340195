import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "@tidings/core";
import { readSecret, type ServiceRuntime } from "@tidings/postgres/internal";
import type { FastifyBaseLogger, FastifyInstance, FastifyRequest } from "fastify";
import { pino } from "pino";
import type { Service } from "./define-service.ts";
import { Host, type HostOptions } from "./host.ts";
import { drain } from "./http/drain.ts";
import { Health } from "./http/health.ts";
import { listen } from "./http/listen.ts";
import { LiveHub } from "./http/live-hub.ts";
import { offeredKind, operationKind } from "./http/live-kind.ts";
import { liveRoutes } from "./http/live-routes.ts";
import { LiveTickets, readTickets } from "./http/live-ticket.ts";
import type { LiveSql } from "./http/live-topic.ts";
import { type MaySee, operationRoutes } from "./http/operation-routes.ts";
import { createHttpServer } from "./http/server.ts";
import { serviceRoutes } from "./http/service-routes.ts";

export interface ApplicationOptions {
  /** A PostgreSQL; when it is left out an embedded one is started, with its data in `directory`. */
  readonly databaseUrl?: string | undefined;
  /** Where the embedded PostgreSQL keeps its data: `.tidings`. */
  readonly directory?: string;
  /** What to set so that two programs do not share the directory; ends a message to the user. */
  readonly directoryHint?: string;
  /** 127.0.0.1: nobody else can reach it unless you say so. */
  readonly address?: string;
  /** 8080. 0 takes any free port. */
  readonly port?: number;
  /** How long it goes on serving after `/readyz` has said that it ends, for load balancers to notice: 0. */
  readonly noticeMs?: number;
  readonly log?: FastifyBaseLogger;
  readonly clock?: Clock;
  readonly connections?: HostOptions["connections"];
  /** What carries messages to and from services in other databases; see {@link HostOptions}. */
  readonly broker?: HostOptions["broker"];
  /**
   * What the tickets of `POST /api/live/tickets` are signed with: the same wherever they are to be good. One that is kept
   * in the database, when left out.
   */
  readonly ticketKey?: Buffer | undefined;
  readonly probe?: HostOptions["probe"];
  /** Adds hooks and routes of the whole application, before those of the services: access control, documents. */
  readonly http?: (app: FastifyInstance) => void | Promise<void>;
  /**
   * Whether a caller may see what belongs to this owner: operations, and what services offer to follow. It is asked
   * wherever they are read, streamed or followed, with the request that came first; what it denies does not exist for
   * that caller. Everybody may see everything, when left out.
   */
  readonly maySee?: MaySee;
  /**
   * Who asks, in a form that JSON can say, for the ticket that `POST /api/live/tickets` gives to browsers. Access control
   * gets it back from `request.ticketIdentity()`, at the addresses that take a ticket in their query, and undefined
   * everywhere else: `const identity = request.ticketIdentity(); if (identity) return setCaller(request, identity);`,
   * in its `onRequest` hook and before it asks for other credentials. `request.actor`, when left out.
   */
  readonly identify?: (request: FastifyRequest) => unknown;
}

/** Services at work behind one HTTP address. */
export interface Application {
  readonly url: string;
  readonly host: Host;
  readonly app: FastifyInstance;
  /**
   * Ends without loss: not ready → running requests finish → running batches finish → connections and the embedded
   * PostgreSQL close. Safe to call twice.
   */
  close(): Promise<void>;
}

/**
 * Starts services, their routes, the health routes, `GET /api/operations/{id}` and the WebSocket `/api/live`
 * on one address.
 *
 * @throws TidingsError or EmbeddedPostgresError with one sentence for the user; nothing is left running
 */
export async function startApplication(
  services: readonly Service[],
  options: ApplicationOptions = {},
): Promise<Application> {
  const log = options.log ?? (pino({ level: process.env.LOG_LEVEL ?? "info" }) as FastifyBaseLogger);
  const closing: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    const next = closing.pop();
    if (next) await next().finally(closeAll);
  };
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= closeAll();
    return closed;
  };
  try {
    const databaseUrl = options.databaseUrl ?? (await startDatabase(options, closing));
    const host = await Host.start(services, { ...pick(options), databaseUrl, log });
    closing.push(() => host.close());
    const app = createHttpServer({ log });
    const url = await serve(app, services, host, options, closing);
    return { url, host, app, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function pick({ clock, connections, probe, broker }: ApplicationOptions) {
  return {
    ...(clock && { clock }),
    ...(connections && { connections }),
    ...(probe && { probe }),
    ...(broker && { broker }),
  };
}

async function startDatabase(
  options: ApplicationOptions,
  closing: (() => Promise<unknown>)[],
): Promise<string> {
  const { startEmbeddedPostgres } = await import("./embedded-postgres.ts");
  const server = await startEmbeddedPostgres({
    directory: options.directory ?? ".tidings",
    hint: options.directoryHint ?? "set DATABASE_URL to use another database",
    log: (line) => console.error(line),
  });
  closing.push(() => server.close());
  return server.url;
}

async function serve(
  app: FastifyInstance,
  services: readonly Service[],
  host: Host,
  options: ApplicationOptions,
  closing: (() => Promise<unknown>)[],
): Promise<string> {
  const { address = "127.0.0.1", port = 8080 } = options;
  const runtimes = [...host.runtimes.values()];
  const [first] = runtimes;
  const live = createLiveHub(services, host);
  host.onCommit((operations) => live.committed(operations));
  const health = new Health({ database: async () => first?.isHealthy() });
  closing.push(() => drain(app, { health, live, noticeMs: options.noticeMs ?? 0 }));
  const tickets = await createTickets(first, options);
  readTickets(app, tickets);
  await options.http?.(app);
  health.routes(app);
  const { maySee, identify } = options;
  operationRoutes(app, { live, maySee });
  await liveRoutes(app, { live, tickets, maySee, identify });
  for (const service of services) {
    const { pool, context } = host.runtime(service.name);
    await serviceRoutes(app, service, {
      pool,
      context,
      rebuilds: host.runtime(service.name).rebuilds,
      consistent: (token, name, timeoutMs) => host.gate.consistent(token, name, timeoutMs),
      live,
    });
  }
  const url = await listen(app, { address, port });
  health.started();
  return url;
}

/** Where the operations of all services are followed, and what they offer. */
function createLiveHub(services: readonly Service[], host: Host): LiveHub {
  const runtimes = [...host.runtimes.values()];
  const [first] = runtimes;
  const sources = first ? [{ pool: first.pool, stores: runtimes.map(({ store }) => store) }] : [];
  const offered = services.flatMap(({ name, live }) =>
    live.map((topic) => offeredKind(topic, readingSql(host.runtime(name)))),
  );
  return new LiveHub(operationKind(sources), offered, { log: host.log });
}

function readingSql({ pool }: ServiceRuntime): LiveSql {
  return async <Row>(text: string, values: readonly unknown[] = []) => {
    const { rows, rowCount } = await pool.query(text, values as unknown[]);
    return { rows: rows as Row[], rowCount: rowCount ?? 0 };
  };
}

/** Tickets that every process on the same database takes, also after a restart. */
async function createTickets(
  runtime: ServiceRuntime | undefined,
  { clock = systemClock, ticketKey }: ApplicationOptions,
): Promise<LiveTickets> {
  if (ticketKey) return new LiveTickets(ticketKey, clock);
  const key = runtime ? await readSecret(runtime.pool, "live-tickets") : randomBytes(32);
  return new LiveTickets(key, clock);
}
