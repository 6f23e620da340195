import type { QueryResult } from "@tidings/core";
import { readStream } from "@tidings/postgres";
import type { ConsistencyToken } from "@tidings/postgres/internal";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { Service } from "../define-service.ts";
import { decodeToken, encodeToken } from "./consistency-token.ts";
import { keyedCallOf } from "./idempotency-key.ts";
import { isStored } from "./idempotent-answer.ts";
import { parseIfMatch } from "./if-match.ts";
import { Problem } from "./problem.ts";
import { isWrite, requestState } from "./request-state.ts";
import { answerWrite, type Work } from "./request-transaction.ts";
import { logProblem, sendProblem } from "./send-problem.ts";
import type { ServiceHttp } from "./service-http.ts";
import type { HttpRuntime } from "./service-runtime.ts";
import { toProblem } from "./to-problem.ts";

const catchUpMs = 2_000;

/**
 * Adds a service's routes, in a scope of their own. Each of its requests first waits until the service has caught up
 * with the request's `Consistency-Token`, and has `transaction`, `sql`, `expectedVersion` and `idempotencyKey`.
 */
export async function serviceRoutes(
  app: FastifyInstance,
  service: Pick<Service, "name" | "http">,
  runtime: HttpRuntime,
): Promise<void> {
  const addRoutes = async (scope: FastifyInstance): Promise<void> => {
    decorate(scope, runtime);
    scope.addHook("preParsing", async (request) => {
      request[requestState].admitted = true;
    });
    scope.addHook("preValidation", async (request) => readHeaders(request));
    scope.addHook("preHandler", (request) => catchUp(request, service.name, runtime));
    scope.addHook("onSend", async (request, reply) => addToken(request, reply));
    scope.setErrorHandler((error, request, reply) => answerError(error, { request, reply, runtime }));
    await service.http?.(scope as unknown as ServiceHttp);
  };
  await app.register(addRoutes as FastifyPluginAsync);
}

function decorate(scope: FastifyInstance, runtime: HttpRuntime): void {
  scope.decorateRequest("transaction", function (this: FastifyRequest, work: Work) {
    return answerWrite(this, runtime, work);
  });
  scope.decorateRequest("sql", async function <
    Row,
  >(this: FastifyRequest, text: string, values: readonly unknown[] = []) {
    const { rows, rowCount } = await runtime.pool.query(text, values as unknown[]);
    return { rows, rowCount: rowCount ?? 0 } as QueryResult<Row>;
  });
  scope.decorateRequest("history", (aggregate, id, page) =>
    readStream(runtime.pool, runtime.context.store, `${aggregate.name}-${id}`, page),
  );
  scope.decorateRequest("rebuilds", { getter: () => runtime.rebuilds });
  scope.decorateRequest("expectedVersion", {
    getter(this: FastifyRequest) {
      return this[requestState].triedVersion ?? parseIfMatch(this.headers["if-match"])?.[0];
    },
  });
  scope.decorateRequest("idempotencyKey", {
    getter(this: FastifyRequest) {
      return this[requestState].call?.key;
    },
  });
}

/** @throws Problem `validation-failed` when a header cannot be understood */
function readHeaders(request: FastifyRequest): void {
  const state = request[requestState];
  state.token = decodeToken(request.headers["consistency-token"]);
  if (isWrite(request)) state.call = keyedCallOf(request);
}

/** The request's token also where it was refused before its headers were read; an empty one when it is none. */
function carriedToken(request: FastifyRequest): ConsistencyToken {
  try {
    return decodeToken(request.headers["consistency-token"]);
  } catch {
    return new Map();
  }
}

async function catchUp(request: FastifyRequest, service: string, runtime: HttpRuntime): Promise<void> {
  const { token } = request[requestState];
  if (token.size === 0 || (await runtime.consistent(token, service, catchUpMs))) return;
  throw new Problem("read-model-behind", undefined, { retryAfter: 1 });
}

/** An answer to a write that recorded nothing carries the request's own token on. */
function addToken(request: FastifyRequest, reply: FastifyReply): void {
  if (!isWrite(request) || reply.hasHeader("consistency-token")) return;
  reply.header("consistency-token", encodeToken(request[requestState].token));
}

interface Failed {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly runtime: HttpRuntime;
}

/** Sends the problem, or under an idempotency key the answer that is stored: it may be that of an earlier request. */
async function answerError(error: unknown, { request, reply, runtime }: Failed): Promise<unknown> {
  const problem = toProblem(error, request.headers["if-match"] !== undefined);
  request[requestState].token = carriedToken(request);
  if (!isKeyed(request) || !isStored(problem)) return fail(reply, problem);
  try {
    return await answerWrite(request, runtime, async () => {
      throw problem;
    });
  } catch (failure) {
    return fail(reply, toProblem(failure));
  }
}

/** Whether the answer belongs to a key. A body that could not be read leaves the key to be read here. */
function isKeyed(request: FastifyRequest): boolean {
  const state = request[requestState];
  if (!state.admitted || !isWrite(request)) return false;
  try {
    state.call ??= keyedCallOf(request);
  } catch {
    return false;
  }
  return state.call !== undefined;
}

function fail(reply: FastifyReply, problem: Problem): FastifyReply {
  logProblem(reply.request, problem);
  return sendProblem(reply, problem);
}
