import { type ApiAnswer, httpClient } from "@mall/common/http-client";
import { z } from "zod";

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

/** As much of an OpenAPI document as answers are compared with. */
export interface SpecDocument {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Response>> }>>>
  >;
  readonly components: {
    readonly schemas: object;
    readonly responses?: Readonly<Record<string, Response>>;
  };
}

/** Says what is wrong with an answer; undefined when it is as the document says. */
export type Inspect = (route: string, answer: ApiAnswer<unknown>) => string | undefined;

/** Reads the document of a mall. @throws Error when there is none */
export async function readSpec(url: string): Promise<Inspect> {
  const { status, body } = await httpClient(url)<SpecDocument>("GET /api/docs/openapi.json");
  if (status !== 200) throw new Error(`The OpenAPI document of ${url} cannot be read: ${status}.`);
  return inspectorOf(body);
}

/** Compares answers with the mall's own OpenAPI document: route, status, media type and body. */
export function inspectorOf(document: SpecDocument): Inspect {
  const paths = Object.keys(document.paths).map((path) => ({ path, pattern: patternOf(path) }));
  const expectations = new Map<string, Expectation | undefined>();
  return (route, answer) => {
    const [method = "", address = ""] = route.split(" ");
    const [pathname = ""] = address.split("?");
    const known = paths.find(({ pattern }) => pattern.test(pathname));
    if (!known) return "is not in the OpenAPI document";
    const key = `${method} ${known.path} ${answer.status}`;
    if (!expectations.has(key)) expectations.set(key, expectationOf(document, key));
    return compare(expectations.get(key), answer);
  };
}

interface Expectation {
  readonly mediaType?: string;
  readonly schema?: z.ZodType;
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);
}

function expectationOf({ paths, components }: SpecDocument, key: string): Expectation | undefined {
  const [method = "", path = "", status = ""] = key.split(" ");
  const responses = paths[path]?.[method.toLowerCase()]?.responses;
  const response = responses?.[status] ?? (Number(status) >= 500 ? responses?.default : undefined);
  if (!response) return undefined;
  const name = response.$ref?.split("/").at(-1);
  const resolved = name === undefined ? response : components.responses?.[name];
  const [mediaType, content] = Object.entries(resolved?.content ?? {})[0] ?? [];
  if (mediaType === undefined) return {};
  return content?.schema ? { mediaType, schema: zodOf(content.schema, components.schemas) } : { mediaType };
}

function zodOf(schema: object, $defs: object): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs }).replaceAll("#/components/schemas/", "#/$defs/");
  return z.fromJSONSchema(JSON.parse(text));
}

function compare(expectation: Expectation | undefined, answer: ApiAnswer<unknown>): string | undefined {
  const { status, headers, body } = answer;
  if (!expectation) return `answered ${status}, which the OpenAPI document does not know`;
  const { mediaType, schema } = expectation;
  const [actual = ""] = (headers.get("content-type") ?? "").split(";");
  if (mediaType === undefined) return body === undefined ? undefined : `answered ${status} with a body`;
  if (actual !== mediaType) return `answered ${status} as ${actual || "nothing"} instead of ${mediaType}`;
  const parsed = schema?.safeParse(body);
  return parsed?.success === false ? `answered ${status} with ${z.prettifyError(parsed.error)}` : undefined;
}
