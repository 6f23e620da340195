import type { FastifyInstance } from "fastify";
import { libraryRoutes } from "./openapi-library.ts";
import { type OpenApiParameter, parametersOf } from "./openapi-parameters.ts";
import { type OpenApiResponse, problemResponses, problemSchema } from "./openapi-problems.ts";
import { contentOf, responsesOf } from "./openapi-responses.ts";
import { type DocumentedRoute, nameOf, operationIdOf, pathOf, routesOf } from "./openapi-route.ts";
import { type JsonSchema, OpenApiSchemas } from "./openapi-schemas.ts";

export interface OpenApiOptions {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  /** Whether anybody may call a route; the others need a bearer token. All are public when left out. */
  readonly isPublic?: (route: Pick<DocumentedRoute, "method" | "url" | "config">) => boolean;
}

/** What a document says of one route. */
export interface OpenApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security?: readonly object[];
  readonly parameters: readonly OpenApiParameter[];
  readonly requestBody?: { readonly required: true; readonly content: Readonly<Record<string, object>> };
  readonly responses: Readonly<Record<string, OpenApiResponse | JsonSchema>>;
}

/** A document of OpenAPI 3.1. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * Describes the routes under `/api` by the schemas that validate their requests; call it before routes are added. A
 * route tells more of itself by `summary`, `description`, `tags` and `response` (schemas by status) in its schema, and
 * is left out with `hide: true`. The schemas must implement the Standard JSON Schema interface, as those of Zod do: an
 * `id` among a schema's metadata is its name in the document, and the first of its `examples` is shown.
 *
 * The application does not start when a schema cannot be described, naming the route.
 * @returns the document, once the application is ready
 */
export function openApi(app: FastifyInstance, options: OpenApiOptions): () => OpenApiDocument {
  const routes: DocumentedRoute[] = [];
  let document: OpenApiDocument | undefined;
  app.addHook("onRoute", (route) => {
    if (route.url.startsWith("/api/")) routes.push(...routesOf(route).map(withLibraryDocument));
  });
  app.addHook("onReady", async () => {
    document = describe(
      routes.filter(({ schema }) => !schema.hide),
      options,
    );
  });
  return () => {
    if (!document) throw new Error("The routes are not known yet: the application is not ready.");
    return document;
  };
}

function withLibraryDocument(route: DocumentedRoute): DocumentedRoute {
  const known = libraryRoutes[`${route.method} ${route.url}`];
  return known ? { ...route, schema: { ...known, ...route.schema } } : route;
}

function describe(routes: readonly DocumentedRoute[], options: OpenApiOptions): OpenApiDocument {
  const { title, version, description, isPublic = () => true } = options;
  const schemas = new OpenApiSchemas();
  schemas.add("Problem", problemSchema);
  const paths: Record<string, Record<string, OpenApiOperation>> = {};
  const ids = new Map<string, DocumentedRoute>();
  for (const route of routes) {
    const operation = operationOf(route, schemas, isPublic(route));
    const other = ids.get(operation.operationId);
    if (other) throw new Error(`${nameOf(route)} and ${nameOf(other)} are both ${operation.operationId}.`);
    ids.set(operation.operationId, route);
    paths[pathOf(route.url)] = { ...paths[pathOf(route.url)], [route.method]: operation };
  }
  return {
    openapi: "3.1.1",
    info: { title, version, ...(description !== undefined && { description }) },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: schemas.components,
      responses: problemResponses(),
      securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
    },
  };
}

/** @throws Error that names the route */
function operationOf(route: DocumentedRoute, schemas: OpenApiSchemas, isPublic: boolean): OpenApiOperation {
  const { summary = nameOf(route), description, tags = [], body } = route.schema;
  try {
    return {
      operationId: operationIdOf(route),
      summary,
      ...(description !== undefined && { description }),
      tags,
      security: isPublic ? [] : [{ bearer: [] }],
      parameters: parametersOf(route, schemas),
      ...(body !== undefined && {
        requestBody: { required: true, content: contentOf(schemas.convert(body), schemas) },
      }),
      responses: responsesOf(route, schemas, isPublic),
    };
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new Error(`A schema of ${nameOf(route)} cannot be described: ${reason}.`, { cause });
  }
}
