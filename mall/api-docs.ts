import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type ApplicationOptions, openApi } from "tidings";
import { z } from "zod";
import { isPublic } from "./access-control.ts";

type App = Parameters<NonNullable<ApplicationOptions["http"]>>[0];

const path = "/api/docs";

/**
 * Adds the reference of the API: `GET /api/docs` is a page for browsers, which loads nothing from elsewhere, and the
 * OpenAPI document for everybody else, which is at `/api/docs/openapi.json`, too. Call it before routes are added.
 *
 * @throws Error when the files of the page are not there
 */
export async function apiDocs(app: App): Promise<void> {
  const document = openApi(app, { title: "The Mall", version: "1", description, isPublic });
  const assets = new Map(await Promise.all(Object.entries(assetFiles).map(loadAsset)));
  const config = { access: "public" } as const;
  const hidden = { schema: { hide: true }, config };

  app.get(path, hidden, async ({ headers }, reply) => {
    reply.header("vary", "accept");
    if (!headers.accept?.includes("text/html")) return document();
    return reply.headers(pageHeaders).type("text/html; charset=utf-8").send(page);
  });
  app.get(`${path}/openapi.json`, hidden, async () => document());
  const params = z.object({ asset: z.enum([...assets.keys()]) });
  app.get<{ Params: { asset: string } }>(
    `${path}/:asset`,
    { config, schema: { hide: true, params } },
    async (request, reply) => {
      const { content, type, etag } = assets.get(request.params.asset) as Asset;
      reply.headers({ etag, "cache-control": "public, max-age=3600" });
      if (request.headers["if-none-match"] === etag) return reply.code(304).send();
      return reply.type(type).send(content);
    },
  );
}

const description = `A shopping mall, as nine services that talk by messages.

What takes longer than a request answers \`202\` with an operation, to be polled, streamed or followed on a WebSocket.
Every \`POST\` may carry an \`Idempotency-Key\`. Send the \`Consistency-Token\` of a write with the next request, to any
service, and it sees that write. Errors are \`application/problem+json\`.`;

interface Asset {
  readonly content: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** Where each file of the page comes from. */
const assetFiles: Readonly<Record<string, string | Buffer>> = {
  "swagger-ui.css": import.meta.resolve("@fastify/swagger-ui/static/swagger-ui.css"),
  "swagger-ui-bundle.js": import.meta.resolve("@fastify/swagger-ui/static/swagger-ui-bundle.js"),
  "favicon-32x32.png": import.meta.resolve("@fastify/swagger-ui/static/favicon-32x32.png"),
  "start.js": Buffer.from(`
    SwaggerUIBundle({
      url: "${path}/openapi.json",
      dom_id: "#reference",
      deepLinking: true,
      validatorUrl: null,
    });`),
};

const types: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  png: "image/png",
};

async function loadAsset([name, source]: [string, string | Buffer]): Promise<[string, Asset]> {
  const content = typeof source === "string" ? await readFile(new URL(source)) : source;
  const etag = `"${createHash("sha256").update(content).digest("base64url")}"`;
  return [name, { content, type: types[name.split(".").at(-1) ?? ""] ?? "application/octet-stream", etag }];
}

/** Whatever the page is made to do, it reaches this server alone. */
const pageHeaders = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
};

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>The Mall: API reference</title>
    <link rel="icon" href="${path}/favicon-32x32.png">
    <link rel="stylesheet" href="${path}/swagger-ui.css">
  </head>
  <body>
    <div id="reference"></div>
    <noscript>The reference needs JavaScript; <a href="${path}/openapi.json">the document</a> does not.</noscript>
    <script src="${path}/swagger-ui-bundle.js"></script>
    <script src="${path}/start.js"></script>
  </body>
</html>
`;
