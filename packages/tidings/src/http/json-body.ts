import type { FastifyInstance, FastifyRequest } from "fastify";
import { Problem, validationProblem } from "./problem.ts";
import { requestState } from "./request-state.ts";
import { textIssues } from "./text-rules.ts";

/**
 * Makes JSON the only kind of body. An empty body counts as none; one that names `__proto__` is refused like one
 * that is not JSON.
 */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    /^application\/(?:[\w.-]+\+)?json(?:$|\s*;)/i,
    { parseAs: "string" },
    (request, text: string, done) => {
      const coding = request.headers["content-encoding"] ?? "identity";
      if (coding !== "identity") return done(new Problem("unsupported-media-type"));
      if (text === "") return done(null, undefined);
      void parse(request, text, (error, value) => {
        const problem = error ? new Problem("malformed-json") : problemOf(value);
        if (problem) request[requestState].unreadable = text;
        done(problem ?? null, value);
      });
    },
  );
}

function problemOf(body: unknown): Problem | undefined {
  const issues = textIssues(body);
  return issues.length > 0 ? validationProblem(issues) : undefined;
}

/** The same rules for texts in the query (422) and the path (404: nothing has such an id). */
export function checkAddress(request: FastifyRequest): void {
  if (textIssues(request.params).length > 0) throw new Problem("not-found");
  const issues = textIssues(request.query);
  if (issues.length > 0) throw validationProblem(issues);
}
