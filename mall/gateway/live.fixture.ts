import websocket from "@fastify/websocket";
import { until } from "@tidings/testing";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { startUpstream } from "./gateway.fixture.ts";

interface Said {
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
}

/** A process that tells how things stand on `/api/live`, and lets the test change them. */
export async function startLive(things: Readonly<Record<string, object>>, port = 0) {
  const state = { things: { ...things }, refuses: undefined as number | undefined };
  const sockets = new Set<WebSocket>();
  const said: Said[] = [];
  const opened: { readonly url: string; readonly authorization: string | undefined }[] = [];
  const answerTo = (topic: string) => {
    const data = state.things[topic];
    return JSON.stringify(data ? { topic, data } : { topic, error: { status: 404 } });
  };
  const upstream = await startUpstream(async (app) => {
    await app.register(websocket, {
      options: { clientTracking: false },
      preClose: (done) => {
        for (const socket of sockets) socket.terminate();
        done();
      },
    });
    app.route({
      method: "GET",
      url: "/api/live",
      onRequest: async (_, reply) => state.refuses && reply.code(state.refuses).send({ refused: true }),
      handler: (_, reply) => reply.code(400).send({ type: "/problems/bad-request" }),
      wsHandler: (socket, { url, headers: { authorization } }) => {
        opened.push({ url, authorization });
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        socket.on("message", (message: Buffer) => {
          const one = JSON.parse(message.toString()) as Said;
          said.push(one);
          for (const topic of one.subscribe ?? []) socket.send(answerTo(topic));
        });
      },
    });
    app.get<{ Params: { id: string } }>("/api/operations/:id", ({ params }, reply) => {
      const data = state.things[`operations/${params.id}`];
      return reply.code(data ? 200 : 404).send(data ?? {});
    });
  }, port);
  const change = (topic: string, data: object) => {
    state.things[topic] = data;
    for (const socket of sockets) socket.send(answerTo(topic));
  };
  return { ...upstream, live: state, sockets, said, opened, change };
}

export interface LiveAnswer {
  readonly topic?: string;
  readonly data?: object;
  readonly error?: { readonly type: string; readonly detail: string };
}

/** A client that remembers what it was told. */
export async function openSocket(
  url: string,
  options: { readonly query?: string; readonly headers?: Readonly<Record<string, string>> } = {},
) {
  const { query = "", headers = {} } = options;
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/live${query}`, { headers });
  onTestFinished(() => socket.terminate());
  const answers: LiveAnswer[] = [];
  const state = {
    opened: false,
    closed: undefined as number | undefined,
    refused: undefined as number | undefined,
  };
  socket.on("open", () => {
    state.opened = true;
  });
  socket.on("message", (data) => answers.push(JSON.parse(data.toString()) as LiveAnswer));
  socket.on("close", (code) => {
    state.closed = code;
  });
  socket.on("error", () => {});
  socket.on("unexpected-response", (_request, { statusCode }) => {
    state.refused = statusCode;
    socket.terminate();
  });
  await until("the socket is opened or refused", () => state.opened || state.refused);
  return {
    state,
    answers,
    say: (message: object | string) =>
      socket.send(typeof message === "string" ? message : JSON.stringify(message)),
    last: (topic: string) => answers.findLast((answer) => answer.topic === topic),
    types: () => answers.map(({ topic, error }) => [topic, error?.type.slice("/problems/".length)]),
  };
}
