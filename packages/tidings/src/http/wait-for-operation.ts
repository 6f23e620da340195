import type { Operation } from "@tidings/postgres/internal";
import type { FastifyRequest } from "fastify";
import { Answer } from "./answer.ts";
import { onClientGone } from "./client-gone.ts";
import type { LiveHub } from "./live-hub.ts";
import type { LiveState } from "./live-state.ts";
import { preferredWait } from "./prefer.ts";

/**
 * Lets a request wait until an operation is done.
 * @param options.seen a version that is known not to be done
 * @returns it as it ended; undefined when the time is up, the client has gone, or the hub is full or closed
 */
export function whenDone(
  hub: LiveHub,
  id: string,
  options: { readonly request: FastifyRequest; readonly timeoutMs: number; readonly seen?: number },
): Promise<Operation | undefined> {
  return new Promise((resolve) => {
    const finish = (operation?: Operation) => {
      clearTimeout(timer);
      forget();
      leave();
      resolve(operation);
    };
    const giveUp = () => finish();
    const changed = ({ data }: LiveState) => {
      const operation = data as Operation;
      if (operation.done) finish(operation);
    };
    const timer = setTimeout(giveUp, options.timeoutMs);
    const forget = onClientGone(options.request, giveUp);
    const leave = hub.follow(
      { kind: "operations", id },
      { changed, missing: giveUp, closed: giveUp },
      options.seen,
    );
  });
}

/**
 * On a route with `config: { waitsForOperation: true }`: the finished operation (200) in the place of an accepted one
 * (202), when the client says `Prefer: wait=n` and it is done in time. A repeat under an idempotency key waits likewise.
 */
export async function finishedOrAccepted(
  request: FastifyRequest,
  hub: LiveHub,
  answer: Answer,
): Promise<Answer> {
  if (answer.status !== 202 || !request.routeOptions.config.waitsForOperation) return answer;
  const id = /^operations\/([0-9a-f-]{36})$/.exec((answer.body as { name?: string } | null)?.name ?? "")?.[1];
  const seconds = preferredWait(request.headers.prefer);
  const varied = answer.with({ vary: "prefer" });
  if (id === undefined || seconds === undefined) return varied;
  const finished = await whenDone(hub, id, { request, timeoutMs: seconds * 1_000 });
  const applied = varied.with({ "preference-applied": `wait=${seconds}` });
  if (!finished) return applied;
  const { "retry-after": _, ...headers } = applied.headers;
  return new Answer(200, finished, headers);
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether a request with `Prefer: wait=n` is answered with the finished operation, if it is done in time. */
    waitsForOperation?: boolean;
  }
}
