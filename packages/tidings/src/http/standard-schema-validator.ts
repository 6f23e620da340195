import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type ValidationResult, validate } from "@tidings/core";
import type { FastifySchemaCompiler } from "fastify";
import { Problem, validationProblem } from "./problem.ts";

type RouteSchema = Parameters<FastifySchemaCompiler<unknown>>[0];

/**
 * Validates requests by Standard Schemas. What fails in the path is a 404 (nothing has such an id), in the body or the
 * query a 422 that lists every issue.
 *
 * @throws Error at start when a route's schema is not a Standard Schema; at the first request when it is asynchronous
 */
export function compileValidator({ schema, method, url, httpPart }: RouteSchema) {
  const name = `The ${httpPart} schema of ${method} ${url}`;
  if (!isStandardSchema(schema)) throw new Error(`${name} is not a Standard Schema.`);
  return (value: unknown): { value: unknown } | { error: Error } => {
    const result = validate(schema, value ?? undefined);
    if (result instanceof Promise)
      throw new Error(`${name} is asynchronous: validate such things in the transaction.`);
    return result.issues ? { error: problemFor(httpPart, result) } : { value: result.value };
  };
}

function problemFor(httpPart: string | undefined, { issues = [] }: ValidationResult<unknown>): Problem {
  return httpPart === "params" ? new Problem("not-found") : validationProblem(issues);
}

function isStandardSchema(schema: unknown): schema is StandardSchemaV1<unknown> {
  return (
    schema !== null && (typeof schema === "object" || typeof schema === "function") && "~standard" in schema
  );
}
