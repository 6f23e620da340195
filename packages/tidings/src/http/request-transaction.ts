import { type Cause, type Refusal, TidingsError, type Transaction } from "@tidings/core";
import { runTransaction, type UnitOfWork } from "@tidings/postgres/internal";
import type { FastifyRequest } from "fastify";
import type { Answer } from "./answer.ts";
import { encodeToken, mergeTokens, tokenOf } from "./consistency-token.ts";
import { answerOnce, OnceAnswered } from "./idempotent-answer.ts";
import { parseIfMatch } from "./if-match.ts";
import { requestState } from "./request-state.ts";
import type { HttpRuntime } from "./service-runtime.ts";
import { toAnswer } from "./to-answer.ts";
import { traceContextOf } from "./trace-context.ts";
import { finishedOrAccepted } from "./wait-for-operation.ts";

/** What a route does in its transaction. */
export type Work = (tx: Transaction) => Promise<Answer | Refusal | object>;

/**
 * Runs a write in one transaction of the service, once per idempotency key, and makes its answer: with the
 * consistency token of its commit, and with the finished operation where the route and the client want to wait for it.
 *
 * @throws whatever is not stored under a key: faults, and lost races
 */
export async function answerWrite(
  request: FastifyRequest,
  runtime: HttpRuntime,
  work: Work,
): Promise<Answer> {
  const { call } = request[requestState];
  const { result, positions } = await runTransaction(
    runtime.pool,
    runtime.context,
    causeOf(request),
    async (tx, unit) => {
      const run = async () => {
        return withAnyVersion(request, unit, call !== undefined, () => work(tx));
      };
      return call ? answerOnce(unit, call, request, run) : run();
    },
  );
  const { outcome, heads } = result instanceof OnceAnswered ? result : { outcome: result, heads: undefined };
  const seen = tokenOf(runtime.context.store.service, heads ?? positions);
  const token = encodeToken(mergeTokens(request[requestState].token, seen));
  const answer = toAnswer(outcome, request).with({ "consistency-token": token });
  return finishedOrAccepted(request, runtime.live, answer);
}

/** A request begins a chain: what it records is found by the request's id. */
function causeOf(request: FastifyRequest): Cause {
  return {
    correlationId: request.id,
    causationId: null,
    headers: { actor: request.actor, ...traceContextOf(request) },
  };
}

/** Tries each version of a list in `If-Match`, until one is not stale. */
async function withAnyVersion<Result>(
  request: FastifyRequest,
  unit: UnitOfWork,
  hasSavepoint: boolean,
  run: () => Promise<Result>,
): Promise<Result> {
  const versions = parseIfMatch(request.headers["if-match"]) ?? [];
  if (versions.length < 2) return run();
  if (!hasSavepoint) await unit.savepoint();
  for (const [index, version] of versions.entries()) {
    request[requestState].triedVersion = version;
    try {
      return await run();
    } catch (error) {
      const isStale = error instanceof TidingsError && error.code === "stale-version";
      if (!isStale || index === versions.length - 1) throw error;
      await unit.rollbackToSavepoint();
    }
  }
  throw new TidingsError("stale-version");
}
