import { isUuid } from "@tidings/core";
import type { Operation } from "@tidings/postgres/internal";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { prefersEventStream } from "./accept.ts";
import { EventStream, type EventStreamOptions } from "./event-stream.ts";
import type { LiveHub } from "./live-hub.ts";
import type { LiveState } from "./live-state.ts";
import { streamOperation } from "./operation-stream.ts";
import { preferredWait } from "./prefer.ts";
import { Problem } from "./problem.ts";
import { toProblem } from "./to-problem.ts";
import { whenDone } from "./wait-for-operation.ts";

/** Whether the caller may see what belongs to this owner, which is undefined when nobody in particular owns it. */
export type MaySee = (request: FastifyRequest, owner: string | undefined) => boolean;

export interface OperationRouteOptions extends EventStreamOptions {
  readonly live: LiveHub;
  /** Everybody may see everything, when left out. What one may not see is a 404. */
  readonly maySee?: MaySee | undefined;
}

/**
 * `GET /api/operations/{id}`: how far an operation is. An open one is answered with `Retry-After`; with
 * `Prefer: wait=n` (20 s at most) the answer waits until it is done, and says how it is when the time is up. With
 * `Accept: text/event-stream` it is followed to its end; see {@link streamOperation}.
 */
export function operationRoutes(app: FastifyInstance, options: OperationRouteOptions): void {
  const { live, maySee = () => true } = options;
  const find = async (request: FastifyRequest<{ Params: { id: string } }>): Promise<LiveState> => {
    const { id } = request.params;
    const found = isUuid(id) ? await live.readOperation(id.toLowerCase()) : undefined;
    if (found && maySee(request, found.owner)) return found;
    throw new Problem("not-found", "There is no such operation.");
  };
  const config = { takesTicket: true };
  app.get<{ Params: { id: string } }>("/api/operations/:id", { config }, async (request, reply) => {
    reply.header("vary", "accept, prefer");
    if (request.method === "GET" && prefersEventStream(request.headers.accept)) {
      const state = await find(request).catch((error) => comeBackLater(error, reply));
      return state ? streamOperation(reply, { ...options, state }) : reply;
    }
    const seconds = preferredWait(request.headers.prefer);
    const operation = await waitFor(request, await find(request), seconds);
    reply.header("cache-control", "no-store");
    if (seconds !== undefined) reply.header("preference-applied", `wait=${seconds}`);
    if (!operation.done) reply.header("retry-after", "1");
    return operation;
  });

  async function waitFor(
    request: FastifyRequest<{ Params: { id: string } }>,
    state: LiveState,
    seconds: number | undefined,
  ): Promise<Operation> {
    const operation = state.data as Operation;
    if (seconds === undefined || operation.done) return operation;
    const waiting = { request, timeoutMs: seconds * 1_000, seen: state.version };
    const finished = await whenDone(live, request.params.id.toLowerCase(), waiting);
    return finished ?? ((await find(request)).data as Operation);
  }
}

/** An `EventSource` that gets an error never comes back: it is told to, when the database cannot be reached just now. */
function comeBackLater(error: unknown, reply: FastifyReply): undefined {
  if (toProblem(error).status !== 503) throw error;
  new EventStream(reply).interrupt();
  return undefined;
}
