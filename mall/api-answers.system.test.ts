import { until } from "@tidings/testing";
import type { OpenApiDocument } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { type Outside, openMall } from "./conformance.fixture.ts";
import { addressOf, patternOf, type Route, routesOf } from "./conformance-routes.fixture.ts";
import { addBot, approvedOrder } from "./conformance-scene.fixture.ts";
import { authorize, checkOut, create, fillBasket, type OperationAnswer, whenDone } from "./mall.fixture.ts";

let mall: Outside;
beforeAll(async () => {
  mall = await openMall();
});
afterAll(() => mall?.close());

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

async function answersOf(routes: readonly Route[]): Promise<Answered[]> {
  const answers: Answered[] = [];
  for (const route of routes) {
    const address = `${route.method} ${addressOf(route)}` as `GET /${string}`;
    const { status, body } = await mall.visitor(address, route.body);
    answers.push({ route: patternOf(route), status, body });
  }
  return answers;
}

/** Gives rebuilds up until one was not done yet. */
async function cancelRebuild(): Promise<Answered> {
  const path = "/api/search/projections/orders/rebuild";
  const status = await until("a rebuild is given up", async () => {
    await mall.api(`POST ${path}`);
    const { status } = await mall.api(`DELETE ${path}`);
    return status === 204 && status;
  });
  return { route: "DELETE /api/search/projections/{}/rebuild", status, body: undefined };
}

/** The answers that things in other statuses have. */
async function moreAnswers(): Promise<Answered[]> {
  const api = mall.visitor;
  const { basketId, customerId } = await fillBasket(api);
  const declined = await authorize(api, customerId, 5, "tok_declined");
  const rejected = await checkOut(api, basketId, { paymentId: declined }, { prefer: "wait=10" });
  const cancelled = await approvedOrder(api);
  const cancel = await api<OperationAnswer>(`POST /api/orders/${cancelled.orderId}/cancel`);
  await whenDone(api, cancel.body);
  await addBot(api);
  await create(api, "POST /api/baskets", { customerId });
  const gets = [
    ["/api/orders/{id}", rejected.body.metadata.orderId],
    ["/api/orders/{id}", cancelled.orderId],
    ["/api/orders/{id}/history", cancelled.orderId],
    ["/api/operations/{id}", rejected.body.name.replace("operations/", "")],
    ["/api/operations/{id}", cancel.body.name.replace("operations/", "")],
    ["/api/payments/{id}", declined],
    ["/api/payments/{id}", cancelled.paymentId],
    ["/api/shopping-lists/{id}", cancelled.listId],
    ["/api/customers/{id}/notifications", customerId],
    ["/api/search/orders", ""],
    ["/api/shopping-lists", ""],
    ["/api/invoices", ""],
    ["/api/search/projections", ""],
  ] as const;
  const routes = gets.map(([path, id]) => ({ method: "GET", path, id }) as const);
  const checkedOut = { route: "POST /api/baskets/{}/checkout", status: rejected.status, body: rejected.body };
  return [checkedOut, ...(await answersOf(routes)), await cancelRebuild()];
}

it("Every route answers what its document says, and nothing besides.", async () => {
  const { body: document } = await mall.api<OpenApiDocument>("GET /api/docs");
  const schemas = new Map(mall.routes.map(({ name, answers }) => [name.replace(/:\w+/g, "{}"), answers]));
  const answers = [...(await answersOf(routesOf(await mall.newScene()))), ...(await moreAnswers())];
  const successes = new Set<string>();
  for (const { route, status, body } of answers) {
    const issues = documentedSchema(document, route, status)?.safeParse(body).error?.issues ?? [];
    expect(issues, `${route} ${status}: ${JSON.stringify(body)}`).toEqual([]);
    if (status < 300) successes.add(route);
    const schema = schemas.get(route)?.[status];
    if (schema) expect(schema.parse(body), route).toEqual(body);
  }
  expect([...successes].sort()).toEqual([...new Set(answers.map(({ route }) => route))].sort());
  expect(successes.size).toBeGreaterThan(40);
});
