import type { FastifyRequest } from "fastify";
import { Answer } from "./answer.ts";
import { findOperation } from "./operation-source.ts";
import { preferredWait } from "./prefer.ts";
import type { HttpRuntime } from "./service-runtime.ts";

/**
 * On a route with `config: { waitsForOperation: true }`: the finished operation (200) in the place of an accepted one
 * (202), when the client says `Prefer: wait=n` and it is done in time. A repeat under an idempotency key waits likewise.
 */
export async function finishedOrAccepted(
  request: FastifyRequest,
  runtime: HttpRuntime,
  answer: Answer,
): Promise<Answer> {
  if (answer.status !== 202 || !request.routeOptions.config.waitsForOperation) return answer;
  const id = /^operations\/([0-9a-f-]{36})$/.exec((answer.body as { name?: string } | null)?.name ?? "")?.[1];
  const seconds = preferredWait(request.headers.prefer);
  const varied = answer.with({ vary: "prefer" });
  if (id === undefined || seconds === undefined) return varied;
  const finished = await whenFinished(runtime, id, seconds * 1_000);
  const applied = varied.with({ "preference-applied": `wait=${seconds}` });
  if (!finished) return applied;
  const { "retry-after": _, ...headers } = applied.headers;
  return new Answer(200, finished, headers);
}

async function whenFinished(
  runtime: HttpRuntime,
  id: string,
  timeoutMs: number,
): Promise<object | undefined> {
  if (!(await runtime.waits.whenDone(id, timeoutMs))) return undefined;
  const found = await findOperation(runtime.operations, id);
  return found?.operation.done ? found.operation : undefined;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether a request with `Prefer: wait=n` is answered with the finished operation, if it is done in time. */
    waitsForOperation?: boolean;
  }
}
