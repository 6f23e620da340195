import type { RouteDocument } from "./openapi-route.ts";
import type { JsonSchema } from "./openapi-schemas.ts";

const time = { type: "string", format: "date-time" };

const operation: JsonSchema = {
  type: "object",
  description: "How far something is that takes longer than a request (AIP-151).",
  properties: {
    name: { type: "string", description: "`operations/{id}`: its address under `/api`." },
    done: { type: "boolean" },
    metadata: {
      type: "object",
      properties: {
        kind: { type: "string" },
        progressPercent: { type: "integer", minimum: 0, maximum: 100 },
        steps: {
          type: "array",
          items: {
            type: "object",
            properties: {
              name: { type: "string" },
              state: { enum: ["pending", "running", "done", "failed", "compensated"] },
              at: { type: ["string", "null"], format: "date-time" },
            },
            required: ["name", "state", "at"],
          },
        },
        createTime: time,
        updateTime: time,
      },
      required: ["kind", "progressPercent", "steps", "createTime", "updateTime"],
    },
    response: { description: "The outcome, once it is done and has not failed." },
    error: { $ref: "#/$defs/Problem", description: "Why it failed, once it has." },
  },
  required: ["name", "done", "metadata"],
  examples: [
    {
      name: "operations/01981f4a-7c00-7000-8000-000000000030",
      done: false,
      metadata: {
        orderId: "01981f4a-7c00-7000-8000-000000000011",
        kind: "checkout",
        progressPercent: 50,
        steps: [
          { name: "PlaceOrder", state: "done", at: "2026-01-05T09:30:00.000Z" },
          { name: "ApproveOrder", state: "pending", at: null },
        ],
        createTime: "2026-01-05T09:30:00.000Z",
        updateTime: "2026-01-05T09:30:00.120Z",
      },
    },
  ],
};

const ticket: JsonSchema = {
  type: "object",
  properties: { ticket: { type: "string" }, expiresAt: time },
  required: ["ticket", "expiresAt"],
  examples: [{ ticket: "eyJpZGVudGl0eSI6Im1pbmEifQ.c2lnbmF0dXJl", expiresAt: "2026-01-05T09:31:00.000Z" }],
};

/** What a workflow answers. */
export const operationSchema = described("Operation", operation);

/** What the library's own routes say of themselves, by method and address. */
export const libraryRoutes: Readonly<Record<string, RouteDocument>> = {
  "get /api/operations/:id": {
    summary: "How far an operation is; with `Accept: text/event-stream`, each change until it is done.",
    tags: ["operations"],
    response: { 200: operationSchema },
  },
  "get /api/live": {
    summary: "A WebSocket that tells of each change of what is subscribed to.",
    tags: ["operations"],
    response: { 101: undefined },
  },
  "post /api/live/tickets": {
    summary: "A short-lived ticket, with which a browser opens the WebSocket.",
    tags: ["operations"],
    response: { 201: described("LiveTicket", ticket) },
  },
};

/** A schema for documents alone. */
function described(id: string, schema: JsonSchema) {
  const input = () => ({ $ref: `#/$defs/${id}`, $defs: { [id]: schema } });
  return { "~standard": { version: 1, vendor: "tidings", jsonSchema: { input, output: input } } };
}
