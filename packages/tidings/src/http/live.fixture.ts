import { completeOperation, type Operation, operationId, startOperation } from "@tidings/postgres/internal";
import { until } from "@tidings/testing";
import { EventSource } from "eventsource";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import type { Application } from "../application.ts";
import { defineService } from "../define-service.ts";
import { accepted } from "./answer.ts";
import { liveTopic } from "./live-topic.ts";

interface ThingRow {
  readonly id: string;
  readonly version: number;
  readonly owner: string;
  readonly name: string;
}

/** Keeps things, which clients may follow, and starts operations. */
export const shop = defineService("shop", {
  migrations: [
    { name: "0001", sql: "create table things (id uuid primary key, version int, owner text, name text)" },
  ],
  live: [
    liveTopic("things", {
      read: async (sql, ids) => {
        const { rows } = await sql<ThingRow>("select * from things where id = any ($1::uuid[])", [ids]);
        return rows.map(({ name, ...row }) => ({ ...row, data: { id: row.id, name } }));
      },
    }),
  ],
  http: (app) => {
    app.post("/checkout", { config: { waitsForOperation: true } }, (request) =>
      request.transaction(async (tx) => accepted(await startOperation(tx, checkout("ann")))),
    );
    app.post<{ Params: { id: string } }>("/finish/:id", (request) =>
      request.transaction(async (tx) => {
        await completeOperation(tx, request.params.id, {});
        return {};
      }),
    );
    app.put<{ Params: { id: string } }>("/things/:id", (request) =>
      request.transaction(async (tx) => {
        await tx.query(
          `insert into things values ($1, 1, 'ann', 'first')
           on conflict (id) do update set version = things.version + 1, name = 'renamed'`,
          [request.params.id],
        );
        return {};
      }),
    );
  },
});

function checkout(owner: string) {
  return { kind: "checkout", owner, steps: ["reserve", "pay"] };
}

/** Begins an operation. @returns its id */
export function begin(application: Application, owner = "ann"): Promise<string> {
  return application.host.transaction("shop", async (tx) =>
    operationId(await startOperation(tx, checkout(owner))),
  );
}

/** What an `EventSource` hears: messages, and at last `done`. */
export function followEvents(url: string, id: string) {
  const source = new EventSource(`${url}/api/operations/${id}`);
  onTestFinished(() => source.close());
  const heard: { name: string; id: string; data: Operation }[] = [];
  const hear = ({ type, lastEventId, data }: MessageEvent) =>
    heard.push({ name: type, id: lastEventId, data: JSON.parse(data) });
  source.addEventListener("message", hear);
  source.addEventListener("done", hear);
  return { source, heard, last: () => heard.at(-1)?.data };
}

export interface LiveAnswer {
  readonly topic?: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever is followed
  readonly data?: any;
  readonly error?: { readonly type: string; readonly status: number; readonly detail: string };
}

/** A WebSocket client that remembers what it was sent. */
export async function openSocket(url: string, options: { path?: string; headers?: object } = {}) {
  const { path = "/api/live", headers = {} } = options;
  const socket = new WebSocket(url.replace("http", "ws") + path, { headers: { ...headers } });
  onTestFinished(() => socket.terminate());
  const answers: LiveAnswer[] = [];
  const closed: { code?: number } = {};
  let refused: number | undefined;
  socket.on("message", (data) => answers.push(JSON.parse(data.toString())));
  socket.on("close", (code) => {
    closed.code = code;
  });
  socket.on("error", () => {});
  socket.on("unexpected-response", (_request, response) => {
    refused = response.statusCode;
    socket.terminate();
  });
  let opened = false;
  socket.on("open", () => {
    opened = true;
  });
  await until("the socket was opened or refused", () => opened || refused);
  return {
    socket,
    answers,
    closed,
    refused,
    say: (message: object) => socket.send(JSON.stringify(message)),
    errors: () => answers.flatMap(({ error }) => error ?? []),
    last: () => answers.at(-1)?.data,
  };
}
