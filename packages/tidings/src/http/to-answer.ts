import { isRefusal } from "@tidings/core";
import type { FastifyRequest } from "fastify";
import { Answer, problemAnswer } from "./answer.ts";
import { refusalProblem } from "./problem.ts";
import { pathOf } from "./request-state.ts";

/** What a route's work returned, as an answer: a refusal is a problem, a resource is answered with 200. */
export function toAnswer(outcome: unknown, request: Pick<FastifyRequest, "url">): Answer {
  if (outcome instanceof Answer) return outcome;
  return isRefusal(outcome)
    ? problemAnswer(refusalProblem(outcome), pathOf(request))
    : new Answer(200, outcome, {});
}
