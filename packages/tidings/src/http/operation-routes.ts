import { isUuid } from "@tidings/core";
import type { OwnedOperation } from "@tidings/postgres/internal";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { findOperation, type OperationSource } from "./operation-source.ts";
import type { OperationWaits } from "./operation-waits.ts";
import { preferredWait } from "./prefer.ts";
import { Problem } from "./problem.ts";

export interface OperationRouteOptions {
  readonly sources: readonly OperationSource[];
  readonly waits: OperationWaits;
  /** Whether the caller may see an operation of this owner; everybody may, when left out. Another's is a 404. */
  readonly maySee?: (request: FastifyRequest, owner: string | undefined) => boolean;
}

/**
 * `GET /api/operations/{id}`: how far an operation is. An open one is answered with `Retry-After`; with
 * `Prefer: wait=n` (20 s at most) the answer waits until it is done, and says how it is when the time is up.
 */
export function operationRoutes(app: FastifyInstance, options: OperationRouteOptions): void {
  const find = async (request: FastifyRequest, id: string): Promise<OwnedOperation> => {
    const found = isUuid(id) ? await findOperation(options.sources, id) : undefined;
    if (found && (options.maySee?.(request, found.owner) ?? true)) return found;
    throw new Problem("not-found", "There is no such operation.");
  };
  app.get<{ Params: { id: string } }>("/api/operations/:id", async (request, reply) => {
    const { id } = request.params;
    let { operation } = await find(request, id);
    const seconds = preferredWait(request.headers.prefer);
    if (seconds !== undefined && !operation.done) {
      await options.waits.whenDone(id.toLowerCase(), seconds * 1_000);
      operation = (await find(request, id)).operation;
    }
    reply.headers({ "cache-control": "no-store", vary: "prefer" });
    if (seconds !== undefined) reply.header("preference-applied", `wait=${seconds}`);
    if (!operation.done) reply.header("retry-after", "1");
    return operation;
  });
}
