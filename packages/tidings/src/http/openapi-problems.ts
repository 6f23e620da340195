import { changesOne, type DocumentedRoute, isWrite } from "./openapi-route.ts";
import type { JsonSchema } from "./openapi-schemas.ts";
import { Problem, type ProblemSlug, problemContentType, problemTypes } from "./problem.ts";

/** A response object of OpenAPI. */
export interface OpenApiResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  readonly content?: Readonly<Record<string, object>>;
}

/** Every problem is an object of this schema. */
export const problemSchema: JsonSchema = {
  type: "object",
  description: "What went wrong (RFC 9457).",
  properties: {
    type: { type: "string", description: "Which problem it is; the address explains it." },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "What it is about this time." },
    instance: { type: "string", description: "The path of the request." },
    rule: { type: "string", description: "The rule that says no, for `/problems/rule-broken`." },
    errors: {
      type: "array",
      description: "Each value that is wrong, for `/problems/validation-failed`.",
      items: {
        type: "object",
        properties: { pointer: { type: "string" }, detail: { type: "string" } },
        required: ["pointer", "detail"],
      },
    },
    requestId: { type: "string", description: "Finds the request in the log, for `/problems/internal`." },
  },
  required: ["type", "title", "status", "detail"],
};

const slugsByStatus = Map.groupBy(
  Object.keys(problemTypes) as ProblemSlug[],
  (slug) => problemTypes[slug].status,
);

/** One response for each status that problems have. */
export function problemResponses(): Record<string, OpenApiResponse> {
  const responses = [...slugsByStatus].map(([status, slugs]) => [responseName(status), responseOf(slugs)]);
  return { ...Object.fromEntries(responses), Problem: responseOf([]) };
}

function responseOf(slugs: readonly ProblemSlug[]): OpenApiResponse {
  const examples = slugs.map((slug) => [slug, { value: exampleOf(slug) }]);
  const description = slugs.map((slug) => `${problemTypes[slug].title}.`).join(" ");
  return {
    description: description || "Another problem.",
    content: {
      [problemContentType]: {
        schema: { $ref: "#/components/schemas/Problem" },
        ...(examples.length > 0 && { examples: Object.fromEntries(examples) }),
      },
    },
  };
}

function exampleOf(slug: ProblemSlug): object {
  const members = slug === "rule-broken" ? { rule: "basket-is-not-open" } : {};
  const errors =
    slug === "validation-failed" ? [{ pointer: "/name", detail: "must not be blank" }] : undefined;
  return new Problem(slug, undefined, { ...members, ...(errors && { errors }) }).toBody("/api/things");
}

function responseName(status: number): string {
  return `Problem${status}`;
}

/** The problems that a route can answer, by their statuses, and whatever else may happen. */
export function problemsOf(route: DocumentedRoute, isPublic: boolean): Record<string, JsonSchema> {
  const statuses = statusesOf(route, isPublic).map((status) => [status, refTo(responseName(status))]);
  return { ...Object.fromEntries(statuses), default: refTo("Problem") };
}

function statusesOf(route: DocumentedRoute, isPublic: boolean): number[] {
  const { schema, url } = route;
  const hasBody = schema.body !== undefined;
  const hasInput = hasBody || schema.querystring !== undefined || isWrite(route);
  return [
    ...(hasBody ? [400, 413, 415] : []),
    ...(isPublic ? [] : [401, 403]),
    ...(url.includes(":") || hasBody ? [404] : []),
    ...(isWrite(route) ? [409] : []),
    ...(changesOne(route) ? [412] : []),
    ...(hasInput ? [422] : []),
    503,
  ];
}

function refTo(name: string): JsonSchema {
  return { $ref: `#/components/responses/${name}` };
}
