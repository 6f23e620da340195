import { expect, it } from "vitest";
import { inspectorOf } from "./shopper-spec.ts";

const $ref = "#/components/schemas/Bot";
const inspect = inspectorOf({
  paths: {
    "/api/bots/{id}": {
      get: {
        responses: {
          200: { content: { "application/json": { schema: { $ref } } } },
          404: { $ref: "#/components/responses/Problem404" },
        },
      },
      delete: { responses: { 204: {} } },
    },
  },
  components: {
    schemas: {
      Bot: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
      Problem: { type: "object", properties: { type: { type: "string" } }, required: ["type"] },
    },
    responses: {
      Problem404: {
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  },
});

const answer = (status: number, type: string, body: unknown) => {
  return { status, headers: new Headers(type ? { "content-type": type } : {}), body };
};
const json = "application/json; charset=utf-8";

it("An answer as the document has it is all right.", () => {
  expect(inspect("GET /api/bots/1?x=2", answer(200, json, { name: "Bot 1" }))).toBeUndefined();
  expect(inspect("GET /api/bots/1", answer(404, "application/problem+json", { type: "/x" }))).toBeUndefined();
  expect(inspect("DELETE /api/bots/1", answer(204, "", undefined))).toBeUndefined();
});

it.each([
  ["GET /api/bots/1/arms", answer(200, json, {}), "not in the OpenAPI document"],
  ["GET /api/bots/1", answer(201, json, {}), "201, which the OpenAPI document does not know"],
  ["GET /api/bots/1", answer(200, json, {}), "at name"],
  ["GET /api/bots/1", answer(200, "text/html", "<p>"), "text/html instead of application/json"],
  ["GET /api/bots/1", answer(404, json, { type: "/x" }), "instead of application/problem+json"],
  ["DELETE /api/bots/1", answer(204, json, {}), "with a body"],
])("%s is told to be wrong when it is answered otherwise (%#)", (route, wrong, words) => {
  expect(inspect(route, wrong)).toContain(words);
});
