import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type OpenApiDocument, type OpenApiOptions, openApi } from "./openapi.ts";
import { paged } from "./page.ts";
import { createHttpServer } from "./server.ts";
import type { ServiceHttp } from "./service-http.ts";

const id = "01981f4a-7c00-7000-8000-000000000001";
const Params = z.object({ id: z.guid() });
const Money = z.object({ amount: z.int() }).meta({ id: "Money", examples: [{ amount: 1299 }] });
const AddThing = z
  .object({ name: z.string(), price: Money })
  .meta({ id: "AddThing", examples: [{ name: "Ink" }] });
const Thing = z.object({ id: z.guid(), price: Money.optional() }).meta({ id: "Thing", examples: [{ id }] });

/** The document of an application with these routes. */
async function documentOf(
  routes: (app: ServiceHttp) => void,
  options: Partial<OpenApiOptions> = {},
): Promise<OpenApiDocument> {
  const app = createHttpServer();
  const document = openApi(app, { title: "Things", version: "1", ...options });
  await app.register((scope, _options, done) => {
    routes(scope as unknown as ServiceHttp);
    done();
  });
  await app.ready();
  return document();
}

const answer = async () => ({});

describe("a document", () => {
  it("has the routes under /api, but for those that hide and for HEAD", async () => {
    const document = await documentOf((app) => {
      app.get("/api/things/:id", answer);
      app.patch("/api/things/:id", answer);
      app.get("/api/docs", { schema: { hide: true } }, answer);
      app.get("/elsewhere", answer);
    });
    expect(document.paths).toEqual({
      "/api/things/{id}": { get: expect.anything(), patch: expect.anything() },
    });
    expect(document.paths["/api/things/{id}"]?.get).toMatchObject({
      operationId: "getThingsById",
      summary: "GET /api/things/{id}",
      parameters: [{ name: "id", in: "path", required: true }, { name: "Consistency-Token" }],
    });
  });

  it("keeps a schema with an id once, and refers to it from wherever it is used", async () => {
    const { components, paths } = await documentOf((app) => {
      const schema = { params: Params, body: AddThing, response: { 200: Thing } };
      app.post("/api/things/:id", { schema }, answer);
    });
    const { requestBody, responses } = paths["/api/things/{id}"]?.post ?? {};
    expect(requestBody?.content["application/json"]).toEqual({
      schema: { $ref: "#/components/schemas/AddThing" },
      example: { name: "Ink" },
    });
    expect(responses?.[200]).toMatchObject({
      content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" }, example: { id } } },
    });
    expect(Object.keys(components.schemas ?? {})).toEqual(["AddThing", "Money", "Problem", "Thing"]);
    expect(components.schemas?.Thing).toMatchObject({
      properties: { price: { $ref: "#/components/schemas/Money" } },
    });
  });

  it("lists what a query may say, with the page of a list", async () => {
    const filters = z.object({ q: z.string(), open: z.enum(["true", "false"]).optional() });
    const { paths } = await documentOf((app) => {
      app.get("/api/things", { schema: { querystring: paged({ filters }) } }, answer);
    });
    const query = paths["/api/things"]?.get?.parameters.filter((parameter) => parameter.in === "query");
    expect(query?.map(({ name, required }) => [name, required])).toEqual([
      ["q", true],
      ["open", false],
      ["limit", false],
      ["cursor", false],
    ]);
  });

  it("tells which headers a request may have, by what the route does", async () => {
    const { paths } = await documentOf((app) => {
      app.get("/api/things/:id", answer);
      app.post("/api/things", { schema: { response: { 201: Thing } } }, answer);
      app.put("/api/things/:id", answer);
      app.post("/api/things/:id/start", { config: { waitsForOperation: true } }, answer);
    });
    const headersOf = (path: string, method: string) =>
      paths[path]?.[method]?.parameters
        .filter((parameter) => parameter.in === "header")
        .map(({ name }) => name);
    expect(headersOf("/api/things/{id}", "get")).toEqual(["Consistency-Token"]);
    expect(headersOf("/api/things", "post")).toEqual(["Idempotency-Key", "Consistency-Token"]);
    expect(headersOf("/api/things/{id}", "put")).toEqual([
      "Idempotency-Key",
      "If-Match",
      "Consistency-Token",
    ]);
    expect(headersOf("/api/things/{id}/start", "post")).toContain("Prefer");
  });

  it("tells which problems may be answered, and that a workflow answers an operation", async () => {
    const { paths, components } = await documentOf((app) => {
      app.get("/api/things", answer);
      app.post(
        "/api/things/:id/start",
        { schema: { body: AddThing }, config: { waitsForOperation: true } },
        answer,
      );
    });
    expect(Object.keys(paths["/api/things"]?.get?.responses ?? {})).toEqual(["200", "503", "default"]);
    const { responses } = paths["/api/things/{id}/start"]?.post ?? {};
    const statuses = ["200", "202", "400", "404", "409", "412", "413", "415", "422", "503", "default"];
    expect(Object.keys(responses ?? {})).toEqual(statuses);
    expect(responses?.[202]).toMatchObject({
      headers: { Location: {}, "Retry-After": {} },
      content: { "application/json": { schema: { $ref: "#/components/schemas/Operation" } } },
    });
    expect(responses?.[409]).toEqual({ $ref: "#/components/responses/Problem409" });
    expect(components.responses?.Problem409).toMatchObject({
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    });
  });

  it("says where a token is needed", async () => {
    const isPublic = ({ url }: { url: string }) => url.endsWith("/open");
    const { paths } = await documentOf(
      (app) => {
        app.get("/api/open", answer);
        app.get("/api/closed", answer);
      },
      { isPublic },
    );
    expect(paths["/api/open"]?.get?.security).toEqual([]);
    expect(paths["/api/closed"]?.get?.security).toEqual([{ bearer: [] }]);
    expect(Object.keys(paths["/api/closed"]?.get?.responses ?? {})).toEqual(
      expect.arrayContaining(["401", "403"]),
    );
  });

  it("answers 204 with nothing", async () => {
    const { paths } = await documentOf((app) => {
      app.delete("/api/things/:id", { schema: { response: { 204: z.undefined() } } }, answer);
    });
    expect(paths["/api/things/{id}"]?.delete?.responses[204]).not.toHaveProperty("content");
  });
});

describe("an application does not start", () => {
  const starting = (schema: object) =>
    documentOf((app) => void app.post("/api/things/:id", { schema }, answer));

  it.each([
    [
      "has no JSON Schema",
      { body: { "~standard": { version: 1, vendor: "x", validate: () => ({ value: 1 }) } } },
    ],
    ["stands for a value that JSON does not have", { response: { 200: z.object({ at: z.date() }) } }],
    ["is a query without fields", { querystring: z.string() }],
    ["has the id of another one", { body: Money, response: { 200: z.string().meta({ id: "Money" }) } }],
  ])("when a schema %s, and names the route", async (_, schema) => {
    await expect(starting(schema)).rejects.toThrow(
      /A schema of POST \/api\/things\/\{id\} cannot be described: ./,
    );
  });

  it("when two routes would have one name", async () => {
    const twice = documentOf((app) => {
      app.get("/api/big-things", answer);
      app.get("/api/big/things", answer);
    });
    await expect(twice).rejects.toThrow("GET /api/big/things and GET /api/big-things are both getBigThings.");
  });
});
