import { createServer, type Server, type Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import type { ServiceHttp } from "tidings";
import { createHttpServer } from "tidings/internal";
import { onTestFinished } from "vitest";
import { type GatewayOptions, startGateway } from "./gateway.ts";

const silent = pino({ level: "silent" }) as unknown as GatewayOptions["log"];

/** One process of a service, with routes of the test's own. */
export async function startUpstream(
  routes: (app: FastifyInstance) => void | Promise<void> = () => {},
  port = 0,
) {
  const state = { isReady: true };
  const requests: string[] = [];
  const app = createHttpServer();
  app.addHook("onRequest", async ({ url, method }) => {
    if (url !== "/readyz") requests.push(`${method} ${url}`);
  });
  app.get("/readyz", (_, reply) => reply.code(state.isReady ? 200 : 503).send({}));
  await routes(app);
  const url = await app.listen({ host: "127.0.0.1", port });
  const close = async () => {
    app.server.closeAllConnections();
    await app.close();
  };
  onTestFinished(close);
  return { url, app, state, requests, close, port: Number(new URL(url).port) };
}

/** Where connections are taken, and nothing good comes of it: `treat` gets each, once a request has come. */
export async function startBroken(treat: (socket: Socket, request: string) => void) {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const request = data.toString();
      if (request.startsWith("GET /readyz")) {
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        return;
      }
      requests.push(request);
      treat(socket, request);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, requests };
}

/** An address at which nobody listens. */
export async function nowhere(): Promise<string> {
  const { url, close } = await startUpstream();
  await close();
  return url;
}

/** The routes that fake services have: what they answer is up to their upstreams. */
export function service(name: string, topics: readonly string[] = []) {
  const http = (app: ServiceHttp) => {
    const nothing = async () => ({});
    app.get(`/api/${name}`, nothing);
    app.post(`/api/${name}`, { config: { waitsForOperation: true } }, nothing);
    app.addHook("onRequest", async () => {
      throw new Error("Hooks of a service do not run in the gateway.");
    });
  };
  const live = topics.map((topic) => ({ name: topic, read: async () => [] }));
  return { name, http, live };
}

/** A gateway for the test, closed at its end. */
export async function startTestGateway(options: Omit<GatewayOptions, "log"> & Partial<GatewayOptions>) {
  const gateway = await startGateway({ port: 0, log: silent, ...options });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** A gateway of one service, `things`. */
export function gatewayTo(upstreams: readonly string[], limits: GatewayOptions["limits"] = {}) {
  return startTestGateway({ services: [service("things")], upstreams: { things: upstreams }, limits });
}

/** Status, slug of the problem and `Retry-After`: what a client that is turned away goes by. */
export async function turnedAway(answer: Response): Promise<readonly unknown[]> {
  const { type } = (await answer.json()) as { readonly type?: string };
  return [answer.status, answer.headers.get("content-type"), type, answer.headers.get("retry-after")];
}

export const comeBackLater = [503, "application/problem+json", "/problems/temporarily-unavailable", "1"];
