import type { FastifyReply, FastifyRequest } from "fastify";
import { type Problem, problemContentType } from "./problem.ts";
import { pathOf } from "./request-state.ts";

/** Sends a problem; an `internal` one with the id under which the log knows the request. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { request } = reply;
  const body = problem.toBody(pathOf(request));
  const traced = problem.slug === "internal" ? { ...body, requestId: request.id } : body;
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header("content-type", problemContentType)
    .send(Buffer.from(JSON.stringify(traced)));
}

/** Logs what the operator should know of: errors that are ours, once, and a database that cannot be reached. */
export function logProblem(request: FastifyRequest, problem: Problem): void {
  const fields = { err: problem.cause, requestId: request.id, method: request.method, path: pathOf(request) };
  if (problem.slug === "internal") request.log.error(fields, "request failed");
  else if (problem.status >= 500 && problem.cause) request.log.warn(fields, "request could not be served");
}
