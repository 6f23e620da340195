import { type Api, httpClient } from "@mall/common/http-client";
import { startTestHost, type TestHost, until } from "@tidings/testing";
import type { OpenApiDocument } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { addressOf, routesOf, type Scene } from "./conformance.fixture.ts";
import { checkOut, fillBasket, type OperationAnswer } from "./mall.fixture.ts";
import { createMall } from "./mall.ts";

const schemas = new Map<string, Readonly<Record<string, z.ZodType>>>();
let host: TestHost;
let api: Api;

beforeAll(async () => {
  const { services, application } = createMall({ access: { demo: true } });
  host = await startTestHost(services, {
    ...application,
    http: async (app) => {
      app.addHook("onRoute", ({ method, url, schema = {} }) => {
        const response = (schema as { response?: Record<string, z.ZodType> }).response ?? {};
        schemas.set(`${method} ${url.replace(/:\w+/g, "{}")}`, response);
      });
      await application.http?.(app);
    },
  });
  api = reading(httpClient(host.url));
});
afterAll(() => host?.close());

/** Reads its own writes. */
function reading(api: Api): Api {
  let token: string | undefined;
  return async (route, body, headers = {}) => {
    const answer = await api<never>(route, body, {
      ...(token && { "consistency-token": token }),
      ...headers,
    });
    token = answer.headers.get("consistency-token") ?? token;
    return answer;
  };
}

async function setScene(): Promise<Scene> {
  const ordered = await fillBasket(api);
  const { body } = await checkOut(api, ordered.basketId);
  const { orderId } = body.metadata;
  await until("the order is there", async () => (await api(`GET /api/orders/${orderId}`)).status === 200);
  const operationId = (body as OperationAnswer).name.replace("operations/", "");
  return { ...(await fillBasket(api)), orderId, operationId };
}

/** The schema that the document has for an answer, as Zod reads it. */
function documentedSchema(document: OpenApiDocument, route: string, status: number) {
  const [method = "", path = ""] = route.split(" ");
  const entry = Object.entries(document.paths).find(([known]) => known.replace(/\{\w+\}/g, "{}") === path);
  const found = entry?.[1][method.toLowerCase()]?.responses[status];
  if (!found) throw new Error(`${route} ${status} is not documented.`);
  const name = "$ref" in found ? String(found.$ref).replace("#/components/responses/", "") : "";
  const { content } = (document.components.responses?.[name] ?? found) as {
    content?: Record<string, { schema: object }>;
  };
  const schema = Object.values(content ?? {})[0]?.schema;
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  return schema && z.fromJSONSchema(JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/")));
}

/** An answer, by the route's address and the status. */
interface Answered {
  readonly route: string;
  readonly status: number;
  readonly body: unknown;
}

async function answersOf(scene: Scene): Promise<Answered[]> {
  const answers: Answered[] = [];
  for (const { method, path, body, ...target } of routesOf(scene)) {
    const address = addressOf({ method, path, ...target });
    const answer = await api(`${method} ${address}` as `GET /${string}`, body);
    const pattern = path.replace("{id}", "{}").replace(/[\da-f-]{36}/g, "{}");
    answers.push({ route: `${method} ${pattern}`, status: answer.status, body: answer.body });
  }
  const { basketId } = await fillBasket(api);
  const { status, body } = await checkOut(api, basketId);
  return [...answers, { route: "POST /api/baskets/{}/checkout", status, body }];
}

it("Every route answers what its document says, and nothing besides.", async () => {
  const { body: document } = await api<OpenApiDocument>("GET /api/docs");
  const answers = await answersOf(await setScene());
  const successes = new Set<string>();
  for (const { route, status, body } of answers) {
    const issues = documentedSchema(document, route, status)?.safeParse(body).error?.issues ?? [];
    expect(issues, `${route} ${status}: ${JSON.stringify(body)}`).toEqual([]);
    if (status < 300) successes.add(route);
    const schema = schemas.get(route)?.[status];
    if (schema) expect(schema.parse(body), route).toEqual(body);
  }
  expect([...successes].sort()).toEqual([...new Set(answers.map(({ route }) => route))].sort());
  expect(successes.size).toBeGreaterThan(20);
});
