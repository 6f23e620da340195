import {
  claimKey,
  type KeyedCall,
  type Positions,
  recordedSoFar,
  storeAnswer,
  type UnitOfWork,
} from "@tidings/postgres/internal";
import type { FastifyRequest } from "fastify";
import { Answer, problemAnswer } from "./answer.ts";
import { Problem } from "./problem.ts";
import { pathOf } from "./request-state.ts";
import { toAnswer } from "./to-answer.ts";
import { toProblem } from "./to-problem.ts";

/** An answer, and for a repeated one the positions that its token is to cover. */
export class OnceAnswered {
  readonly outcome: Answer;
  readonly heads: Positions | undefined;

  constructor(outcome: Answer, heads?: Positions) {
    this.outcome = outcome;
    this.heads = heads;
  }
}

/**
 * Answers a request once: a repeat gets the stored answer. The answer is stored in the transaction that has the
 * effects, so a crash leaves both or neither. What is refused is rolled back to the savepoint and its answer stored.
 *
 * @throws Problem `request-in-progress`, `idempotency-key-reused`; and what may be tried again under the same key
 *   (5xx, 429), which leaves the key free
 */
export async function answerOnce(
  unit: UnitOfWork,
  call: KeyedCall,
  request: FastifyRequest,
  run: () => Promise<unknown>,
): Promise<OnceAnswered> {
  const claim = await claimKey(unit, call);
  if (claim.state === "running") throw new Problem("request-in-progress", undefined, { retryAfter: 1 });
  if (claim.state === "reused") throw new Problem("idempotency-key-reused");
  if (claim.state === "answered") {
    const { status, body, headers } = claim.answer;
    const outcome = new Answer(status, body, { ...headers, "idempotent-replayed": "true" });
    return new OnceAnswered(outcome, await recordedSoFar(unit));
  }
  const outcome = await settle(request, run);
  if (outcome.status >= 400) await unit.rollbackToSavepoint();
  storeAnswer(unit, call, outcome);
  return new OnceAnswered(outcome);
}

async function settle(request: FastifyRequest, run: () => Promise<unknown>): Promise<Answer> {
  try {
    return toAnswer(await run(), request);
  } catch (error) {
    const problem = toProblem(error, request.headers["if-match"] !== undefined);
    if (!isStored(problem)) throw error;
    return problemAnswer(problem, pathOf(request));
  }
}

/** Whether a problem is the request's last word: it is stored under the key. */
export function isStored({ status, slug }: Problem): boolean {
  return (
    status < 500 && status !== 429 && slug !== "request-in-progress" && slug !== "idempotency-key-reused"
  );
}
