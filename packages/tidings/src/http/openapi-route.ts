import type { RouteOptions } from "fastify";

/** What a document says of a route, and what it tells of itself. */
export interface DocumentedRoute {
  /** In lower case. */
  readonly method: string;
  /** As Fastify writes it: `/api/stores/:id`. */
  readonly url: string;
  readonly config: NonNullable<RouteOptions["config"]>;
  readonly schema: RouteDocument;
}

/** The schemas of a route by the place they stand for, and its description. */
export interface RouteDocument {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Leaves the route out of documents. */
  readonly hide?: boolean;
  readonly params?: unknown;
  readonly querystring?: unknown;
  readonly body?: unknown;
  /** By status. */
  readonly response?: Readonly<Record<string, unknown>>;
}

/** A route that Fastify tells of, once for each of its methods. HEAD goes with GET. */
export function routesOf({ method, url, config = {}, schema = {} }: RouteOptions): DocumentedRoute[] {
  return [method]
    .flat()
    .filter((name) => name !== "HEAD")
    .map((name) => ({ method: name.toLowerCase(), url, config, schema: schema as RouteDocument }));
}

/** `GET /api/stores/{id}`. */
export function nameOf({ method, url }: DocumentedRoute): string {
  return `${method.toUpperCase()} ${pathOf(url)}`;
}

/** `/api/stores/{id}`. */
export function pathOf(url: string): string {
  return url.replace(/:(\w+)/g, "{$1}");
}

/** `getStoresById`: the words of the method and the path. */
export function operationIdOf({ method, url }: DocumentedRoute): string {
  const words = url.replace(/:(\w+)/g, "by-$1").match(/\w+/g) ?? [];
  const [, ...rest] = words;
  return [method, ...rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1))].join("");
}

export function isWrite({ method }: DocumentedRoute): boolean {
  return method !== "get";
}

/** Whether it is a list: its query is made by `paged()`. */
export function isList({ schema }: DocumentedRoute): boolean {
  return isPaged(schema.querystring);
}

export function isPaged(schema: unknown): schema is { readonly filters: unknown } {
  return typeof schema === "object" && schema !== null && "filters" in schema;
}

/** Whether it changes the one thing that its address names, so that `If-Match` says something. */
export function changesOne(route: DocumentedRoute): boolean {
  return isWrite(route) && route.url.includes(":") && !route.schema.response?.[201];
}

export function waitsForOperation({ config }: DocumentedRoute): boolean {
  return config.waitsForOperation === true;
}

declare module "fastify" {
  interface FastifySchema {
    /** What the route does, in one line, for documents. */
    summary?: string;
    description?: string;
    tags?: readonly string[];
    /** Leaves the route out of documents. */
    hide?: boolean;
  }
}
