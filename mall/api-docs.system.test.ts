import { httpClient } from "@mall/common/http-client";
import { Validator } from "@seriousme/openapi-schema-validator";
import { startTestHost, type TestHost } from "@tidings/testing";
import type { OpenApiDocument } from "tidings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { createMall } from "./mall.ts";

type Schema = z.ZodType | undefined;

/** A route under `/api` as it was registered, with the schemas that it is validated by. */
interface Registered {
  readonly name: string;
  readonly body: Schema;
  readonly params: Schema;
  readonly response: Readonly<Record<string, Schema>>;
}

interface Content {
  readonly content?: { readonly "application/json"?: { readonly example?: unknown } };
}

const registered: Registered[] = [];
let host: TestHost;
let document: OpenApiDocument;

beforeAll(async () => {
  const { services, application } = createMall({ access: { demo: true } });
  host = await startTestHost(services, {
    ...application,
    http: async (app) => {
      app.addHook("onRoute", ({ method, url, schema = {} }) => {
        if (!url.startsWith("/api/") || url.startsWith("/api/docs") || method === "HEAD") return;
        const { body, params, response } = schema as Partial<Registered>;
        const name = `${String(method).toLowerCase()} ${url.replace(/:(\w+)/g, "{$1}")}`;
        registered.push({ name, body, params, response: response ?? {} });
      });
      await application.http?.(app);
    },
  });
  document = (await httpClient(host.url)<OpenApiDocument>("GET /api/docs")).body;
});
afterAll(() => host?.close());

function documented(name: string) {
  const [method = "", path = ""] = name.split(" ");
  const operation = document.paths[path]?.[method];
  if (!operation) throw new Error(`${name} is not in the document.`);
  return operation;
}

const exampleOf = (part: object | undefined) => (part as Content)?.content?.["application/json"]?.example;

/** What is wrong with a value: nothing, when there is no schema to tell. */
function issuesOf(schema: Schema, value: unknown) {
  return schema?.safeParse(value).error?.issues ?? [];
}

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1", async () => {
    const result = await new Validator().validate({ ...document });
    expect(result.errors ?? []).toEqual([]);
    expect([result.valid, document.openapi]).toEqual([true, expect.stringMatching(/^3\.1\./)]);
  });

  it("has every route under /api and nothing else", () => {
    const paths = Object.entries(document.paths);
    const names = paths.flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(names.length).toBeGreaterThan(40);
    expect(names.sort()).toEqual(registered.map(({ name }) => name).sort());
  });

  it("tells of each route what it does, to whom it is open, and what it answers", () => {
    for (const { name } of registered) {
      const { summary, tags, security, responses } = documented(name);
      expect(summary, name).toMatch(/^[A-Z].+[.]$/);
      expect(tags, name).toHaveLength(1);
      const isOpen = ["/api/stores", "/api/products/{id}", "/api/search/products"].some((path) =>
        name.endsWith(path),
      );
      const isPublic =
        name === "post /api/customers" ||
        name === "get /api/stores/{id}" ||
        name === "get /api/stores/{id}/products" ||
        (isOpen && name.startsWith("get"));
      expect(security, name).toEqual(isPublic ? [] : [{ bearer: [] }]);
      expect(
        Object.keys(responses).some((status) => /^[12]/.test(status)),
        name,
      ).toBe(true);
      expect("401" in responses, name).toBe(!isPublic);
    }
  });

  it("shows a request that the route takes", async () => {
    for (const { name, body, params } of registered) {
      const { requestBody, parameters } = documented(name);
      expect(Boolean(requestBody), name).toBe(body !== undefined);
      const example = exampleOf(requestBody);
      if (body) expect(example, name).toBeTypeOf("object");
      expect(issuesOf(body, example), name).toEqual([]);
      const path = parameters.filter((parameter) => parameter.in === "path");
      const values = path.map((parameter) => [parameter.name, parameter.example]);
      expect(values.flat(), name).not.toContain(undefined);
      expect(issuesOf(params, Object.fromEntries(values)), name).toEqual([]);
    }
  });

  it("shows an answer as the route answers", async () => {
    for (const { name, response } of registered) {
      const { responses } = documented(name);
      for (const [status, part] of Object.entries(responses)) {
        if (!/^20[^4]/.test(status)) continue;
        const example = exampleOf(part);
        expect(example, `${name} ${status}`).toBeTypeOf("object");
        expect(issuesOf(response[status], example), `${name} ${status}`).toEqual([]);
      }
    }
  });
});

describe("GET /api/docs", () => {
  const browser = { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };

  it("answers browsers with a page that reaches nothing but this server", async () => {
    const answer = await host.fetch("/api/docs", browser);
    const page = await answer.text();
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = answer.headers.get("content-security-policy");
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/);
    const links = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link ?? "");
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(link).toMatch(/^\/api\/docs\//);
      const { status, headers } = await host.fetch(link);
      expect([status, headers.get("content-type")], link).toEqual([200, expect.stringMatching(typeOf(link))]);
    }
  });

  it("answers everybody else with the document, which is at an address of its own, too", async () => {
    const answers = [
      await host.fetch("/api/docs"),
      await host.fetch("/api/docs", { headers: { accept: "application/json" } }),
      await host.fetch("/api/docs/openapi.json", browser),
    ];
    for (const answer of answers) {
      expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(await answer.json()).toEqual(document);
    }
  });

  it("answers a file that is known already with 304, and one that is none with 404", async () => {
    const { headers } = await host.fetch("/api/docs/start.js");
    const known = { headers: { "if-none-match": headers.get("etag") ?? "" } };
    expect((await host.fetch("/api/docs/start.js", known)).status).toBe(304);
    for (const name of ["index.html", "..%2Fpackage.json", "constructor"])
      expect((await host.fetch(`/api/docs/${name}`)).status, name).toBe(404);
  });
});

function typeOf(link: string): RegExp {
  if (link.endsWith(".css")) return /^text\/css/;
  if (link.endsWith(".js")) return /^text\/javascript/;
  return link.endsWith(".png") ? /^image\/png/ : /^application\/json/;
}
