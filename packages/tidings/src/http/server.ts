import type { Socket } from "node:net";
import { isRefusal, uuidv7 } from "@tidings/core";
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import { noteMethods } from "./allowed-methods.ts";
import { Answer } from "./answer.ts";
import { answerClientError } from "./client-error.ts";
import { checkAddress, readJsonBodies } from "./json-body.ts";
import { Problem } from "./problem.ts";
import { problemRoutes } from "./problem-routes.ts";
import { newRequestState, pathOf, requestState } from "./request-state.ts";
import { logProblem, sendProblem } from "./send-problem.ts";
import { compileValidator } from "./standard-schema-validator.ts";
import { toAnswer } from "./to-answer.ts";
import { toProblem } from "./to-problem.ts";

export interface HttpServerOptions {
  /** A pino logger, or nothing to log nothing. Each failed request is logged once; the others are not. */
  readonly log?: FastifyBaseLogger | undefined;
  /** Bytes: 1 MiB. */
  readonly bodyLimit?: number;
  /** A request must have arrived as a whole in this time: 30,000. Its headers: a third of it. */
  readonly requestTimeoutMs?: number;
  /** An idle connection is closed after this time: 65,000, longer than the usual load balancer's. */
  readonly keepAliveTimeoutMs?: number;
  /** The proxies whose `X-Forwarded-*` headers are believed: none. */
  readonly trustProxy?: boolean | string | string[];
}

/**
 * An HTTP server whose every error is a problem object (RFC 9457), and whose routes are validated by Standard Schemas.
 * A handler may return a resource, an {@link Answer} or a refusal. Texts with control characters never reach a handler.
 * Authentication belongs into an `onRequest` hook that sets `request.actor`.
 */
export function createHttpServer(options: HttpServerOptions = {}): FastifyInstance {
  const app = fastify(settings(options)) as unknown as FastifyInstance;
  const methodsOf = noteMethods(app);
  app.decorateRequest("actor", "anonymous");
  app.decorateRequest(requestState);
  app.addHook("onRequest", (request, reply, done) => {
    request[requestState] = newRequestState();
    reply.header("x-content-type-options", "nosniff");
    if (request.is404) throw unknownAddress(request, methodsOf(pathOf(request)));
    done();
  });
  app.addHook("preValidation", (request, _reply, done) => {
    checkAddress(request);
    done();
  });
  app.addHook("preSerialization", (request, reply, payload, done) =>
    done(null, render(request, reply, payload)),
  );
  readJsonBodies(app);
  app.setValidatorCompiler(compileValidator as never);
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply));
  app.setNotFoundHandler((request) => {
    throw unknownAddress(request, []);
  });
  closeConnectionsOnDrain(app);
  closeUnusedOnDrain(app);
  problemRoutes(app);
  return app;
}

function settings(options: HttpServerOptions) {
  const {
    log,
    bodyLimit = 1024 * 1024,
    requestTimeoutMs = 30_000,
    keepAliveTimeoutMs = 65_000,
    trustProxy = false,
  } = options;
  return {
    ...(log ? { loggerInstance: log } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => uuidv7(),
    bodyLimit,
    trustProxy,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    http: {
      headersTimeout: Math.ceil(requestTimeoutMs / 3),
      connectionsCheckingInterval: Math.min(5_000, requestTimeoutMs),
      maxHeaderSize: 32 * 1024,
    },
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: Error, _request: unknown, reply: unknown) =>
      sendProblem(reply as FastifyReply, toProblem(error)),
  };
}

/** Once the server closes, each answer ends its connection, so that closing need not wait until it is idle for long. */
function closeConnectionsOnDrain(app: FastifyInstance): void {
  let closing = false;
  app.addHook("preClose", (done) => {
    closing = true;
    done();
  });
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (closing) reply.header("connection", "close");
    done();
  });
}

/**
 * Connections that have never carried a request are closed when the server closes: Node counts them as busy, and
 * clients open such ones (browsers ahead of time, `fetch` after a request that was given up).
 */
function closeUnusedOnDrain(app: FastifyInstance): void {
  const unused = new Set<Socket>();
  app.server.on("connection", (socket) => {
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  for (const event of ["request", "upgrade"])
    app.server.on(event, ({ socket }: { readonly socket: Socket }) => unused.delete(socket));
  app.addHook("preClose", (done) => {
    for (const socket of unused) socket.destroy();
    done();
  });
}

/** Turns what a handler returned into what is sent. */
function render(request: FastifyRequest, reply: FastifyReply, payload: unknown): unknown {
  if (!(payload instanceof Answer || isRefusal(payload))) return payload;
  const answer = toAnswer(payload, request);
  reply.code(answer.status).headers(answer.headers);
  if (answer.body !== undefined) return answer.body;
  reply.removeHeader("content-type").serializer(() => "");
  return payload;
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error, request.headers["if-match"] !== undefined);
  logProblem(request, problem);
  return sendProblem(reply, problem);
}

function unknownAddress(request: FastifyRequest, methods: readonly string[]): Problem {
  if (methods.length === 0) return new Problem("not-found");
  const allow = methods.join(", ");
  return new Problem("method-not-allowed", `${request.method} does not apply here, but ${allow}.`, {
    headers: { allow },
  });
}
