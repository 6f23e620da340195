import type { Clock } from "@tidings/core";
import { TidingsError } from "@tidings/core";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { pino } from "pino";
import type { Service } from "./define-service.ts";
import { Host, type HostOptions } from "./host.ts";
import { drain } from "./http/drain.ts";
import { Health } from "./http/health.ts";
import { operationRoutes } from "./http/operation-routes.ts";
import type { OperationSource } from "./http/operation-source.ts";
import { OperationWaits } from "./http/operation-waits.ts";
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
  readonly probe?: HostOptions["probe"];
  /** Adds hooks and routes of the whole application, before those of the services: access control, documents. */
  readonly http?: (app: FastifyInstance) => void | Promise<void>;
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
 * Starts services, their routes, the health routes and `GET /api/operations/{id}` on one address.
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

function pick({ clock, connections, probe }: ApplicationOptions) {
  return { ...(clock && { clock }), ...(connections && { connections }), ...(probe && { probe }) };
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
  const operations: OperationSource[] = first
    ? [{ pool: first.pool, stores: runtimes.map(({ store }) => store) }]
    : [];
  const waits = new OperationWaits(operations);
  host.onProgress(() => waits.recheck());
  const health = new Health({ database: async () => first?.isHealthy() });
  closing.push(() => drain(app, { health, waits, noticeMs: options.noticeMs ?? 0 }));
  await options.http?.(app);
  health.routes(app);
  operationRoutes(app, { sources: operations, waits });
  for (const service of services) {
    const { pool, context, recorded } = host.runtime(service.name);
    await serviceRoutes(app, service, {
      pool,
      context,
      recorded: recorded.bind(host.runtime(service.name)),
      consistent: (token, name, timeoutMs) => host.gate.consistent(token, name, timeoutMs),
      waits,
      operations,
    });
  }
  try {
    const url = await app.listen({ host: address, port });
    health.started();
    return url;
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code && unusableAddress.has(code)) {
      throw new TidingsError(
        "configuration-invalid",
        `The address ${address}:${port} cannot be used: ${message}.`,
        { cause: error },
      );
    }
    if (code !== "EADDRINUSE") throw error;
    throw new TidingsError(
      "address-in-use",
      `The address ${address}:${port} is in use: stop the program that listens there, or set PORT to another port.`,
    );
  }
}

const unusableAddress = new Set(["EACCES", "EADDRNOTAVAIL", "EAI_AGAIN", "ENOTFOUND"]);
