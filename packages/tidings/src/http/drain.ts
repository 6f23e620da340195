import type { FastifyInstance } from "fastify";
import type { Health } from "./health.ts";
import type { LiveHub } from "./live-hub.ts";

export interface DrainOptions {
  readonly health: Health;
  readonly live?: LiveHub;
  /** How long load balancers are given to see that the process is not ready, while it still serves: 0. */
  readonly noticeMs?: number;
  /** How long running requests are given; then their connections are cut: 10,000. */
  readonly timeoutMs?: number;
}

/**
 * Ends an HTTP server without breaking a request: not ready → no new connections, idle ones closed, long polls answered,
 * event streams and WebSockets told to come back → running requests finish, each with `Connection: close`.
 * @returns whether all of them finished in time
 */
export async function drain(app: FastifyInstance, options: DrainOptions): Promise<boolean> {
  const { health, live, noticeMs = 0, timeoutMs = 10_000 } = options;
  health.draining();
  if (noticeMs > 0) await new Promise((resolve) => setTimeout(resolve, noticeMs));
  live?.close();
  let inTime = true;
  const timer = setTimeout(() => {
    inTime = false;
    app.server.closeAllConnections();
  }, timeoutMs);
  await app.close().finally(() => clearTimeout(timer));
  return inTime;
}
