import { STATUS_CODES } from "node:http";
import { operationSchema } from "./openapi-library.ts";
import { type OpenApiResponse, problemsOf } from "./openapi-problems.ts";
import { type DocumentedRoute, isList, isWrite, waitsForOperation } from "./openapi-route.ts";
import type { JsonSchema, OpenApiSchemas } from "./openapi-schemas.ts";

/** What a route answers, by status. A route that says nothing of its answers has one without a schema. */
export function responsesOf(
  route: DocumentedRoute,
  schemas: OpenApiSchemas,
  isPublic: boolean,
): Record<string, OpenApiResponse | JsonSchema> {
  const workflow = { 200: operationSchema, 202: operationSchema };
  const answers = { ...(waitsForOperation(route) && workflow), ...route.schema.response };
  const documented = Object.entries(answers).map(([status, schema]) => [
    status,
    responseOf(route, Number(status), schema, schemas),
  ]);
  const successful =
    documented.length > 0 ? Object.fromEntries(documented) : { 200: { description: "Done." } };
  return { ...successful, ...problemsOf(route, isPublic) };
}

function responseOf(
  route: DocumentedRoute,
  status: number,
  schema: unknown,
  schemas: OpenApiSchemas,
): OpenApiResponse {
  const description = `${STATUS_CODES[status] ?? "An answer"}.`;
  const headers = headersOf(route, status);
  const shown = { description, ...(Object.keys(headers).length > 0 && { headers }) };
  if (status === 204 || status < 200) return shown;
  return { ...shown, content: contentOf(schemas.convert(schema), schemas) };
}

/** JSON of this schema, with an example. */
export function contentOf(schema: JsonSchema, schemas: OpenApiSchemas): Record<string, object> {
  const example = schemas.exampleOf(schema);
  return { "application/json": { schema, ...(example !== undefined && { example }) } };
}

function headersOf(route: DocumentedRoute, status: number): NonNullable<OpenApiResponse["headers"]> {
  const hasVersion = status === 201 || (status === 200 && !isList(route) && !waitsForOperation(route));
  return {
    ...(isWrite(route) && { "Consistency-Token": header("What a later request sends to see this write.") }),
    ...((status === 201 || status === 202) && { Location: header("Where it is.") }),
    ...(status === 202 && { "Retry-After": header("When to look again, in seconds.") }),
    ...(hasVersion && { ETag: header("The version, where the resource has one: for `If-Match`.") }),
  };
}

function header(description: string) {
  return { description, schema: { type: "string" } };
}
