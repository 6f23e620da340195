import { changesOne, type DocumentedRoute, isPaged, isWrite, waitsForOperation } from "./openapi-route.ts";
import type { JsonSchema, OpenApiSchemas } from "./openapi-schemas.ts";

/** A parameter object of OpenAPI. */
export interface OpenApiParameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
  readonly example?: unknown;
}

/** What a request to the route can say besides its body. */
export function parametersOf(route: DocumentedRoute, schemas: OpenApiSchemas): OpenApiParameter[] {
  return [...pathParameters(route, schemas), ...queryParameters(route, schemas), ...headersOf(route)];
}

function pathParameters({ url, schema }: DocumentedRoute, schemas: OpenApiSchemas): OpenApiParameter[] {
  const known = schema.params === undefined ? {} : propertiesOf(schemas.convert(schema.params), schemas);
  return [...url.matchAll(/:(\w+)/g)].map(([, name = ""]) => {
    const schema = known[name] ?? { type: "string", format: "uuid" };
    const example = schemas.exampleOf(schema) ?? (schema.format === "uuid" ? exampleId : undefined);
    return { name, in: "path", required: true, schema, ...(example !== undefined && { example }) };
  });
}

const exampleId = "01981f4a-7c00-7000-8000-000000000001";

function queryParameters({ schema }: DocumentedRoute, schemas: OpenApiSchemas): OpenApiParameter[] {
  const { querystring } = schema;
  if (querystring === undefined) return [];
  if (!isPaged(querystring)) return queryFields(querystring, schemas);
  return [...(querystring.filters ? queryFields(querystring.filters, schemas) : []), ...pageParameters];
}

function queryFields(schema: unknown, schemas: OpenApiSchemas): OpenApiParameter[] {
  const query = schemas.resolve(schemas.convert(schema));
  const required = (query.required ?? []) as readonly string[];
  return Object.entries(propertiesOf(query, schemas)).map(([name, field]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema: field,
  }));
}

/** @throws Error when it is no object of named fields */
function propertiesOf(schema: JsonSchema, schemas: OpenApiSchemas): Record<string, JsonSchema> {
  const { type, properties } = schemas.resolve(schema);
  if (type !== "object") throw new Error("it is not an object, whose fields could be parameters");
  return (properties ?? {}) as Record<string, JsonSchema>;
}

const pageParameters: readonly OpenApiParameter[] = [
  {
    name: "limit",
    in: "query",
    required: false,
    description: "At most so many items.",
    schema: { type: "integer", minimum: 1, maximum: 200, default: 50 },
  },
  {
    name: "cursor",
    in: "query",
    required: false,
    description: "The `next` of the page before.",
    schema: { type: "string" },
  },
];

function headersOf(route: DocumentedRoute): OpenApiParameter[] {
  return [
    ...(isWrite(route) ? [headers.idempotencyKey] : []),
    ...(changesOne(route) ? [headers.ifMatch] : []),
    headers.consistencyToken,
    ...(waitsForOperation(route) ? [headers.prefer] : []),
  ];
}

function header(name: string, description: string, example: string): OpenApiParameter {
  return { name, in: "header", required: false, description, schema: { type: "string" }, example };
}

const headers = {
  idempotencyKey: header(
    "Idempotency-Key",
    "Makes the request safe to repeat: a repeat gets the first answer. Kept for 24 hours.",
    "8e03978e-40d5-43dd-bc93-6894a57f9324",
  ),
  ifMatch: header("If-Match", "The `ETag` that was read: a 412 when the resource has changed since.", '"1"'),
  consistencyToken: header(
    "Consistency-Token",
    "That of an earlier answer: the request waits until what that answer told of can be read.",
    "e30",
  ),
  prefer: header("Prefer", "So many seconds the answer may wait for the outcome, 20 at most.", "wait=10"),
};
