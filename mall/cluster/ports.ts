import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { ClusterError } from "./failure.ts";

/**
 * Below the ports that systems give to outgoing connections: a process that is started again must find its port free,
 * and a client that calls a port where nobody listens must not be connected to itself.
 */
const [lowest, highest] = [21_000, 31_999] as const;

/**
 * A port on 127.0.0.1 for each name: the one that it had, if it is free, else another that is.
 * @throws ClusterError when none is free
 */
export async function choosePorts(
  names: readonly string[],
  kept: Readonly<Record<string, number>> = {},
): Promise<Record<string, number>> {
  const chosen = new Map<string, number>();
  for (const name of names) {
    const port = kept[name];
    if (port !== undefined && (await isFree(port))) chosen.set(name, port);
  }
  let next = randomInt(lowest, highest + 1);
  let tries = highest - lowest + 1;
  for (const name of names.filter((name) => !chosen.has(name))) {
    const taken = new Set([...chosen.values(), ...Object.values(kept)]);
    while (taken.has(next) || !(await isFree(next))) {
      if (--tries === 0) throw new ClusterError(`No port from ${lowest} to ${highest} is free.`);
      next = next === highest ? lowest : next + 1;
    }
    chosen.set(name, next);
  }
  return Object.fromEntries(chosen);
}

/** Whether nobody listens at a port of 127.0.0.1. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once("error", () => done(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => done(true)));
  });
}
