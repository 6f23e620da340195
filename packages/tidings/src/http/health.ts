import type { FastifyInstance, FastifyReply } from "fastify";

/** Fails (throws, or resolves to false) when something that the process needs is not there. */
export type HealthCheck = () => Promise<unknown>;

type State = "starting" | "started" | "draining";

const cacheMs = 1_000;
const checkTimeoutMs = 1_000;

/**
 * The health of a process, starting → started → draining: `/livez` and `/healthz` (the process answers), `/startupz`
 * (it has started), `/readyz` (it has started, is not draining, and every check passes; `?verbose` lists them). A
 * check runs at most once a second, however often it is asked for, and has failed when it takes longer than that.
 */
export class Health {
  #state: State = "starting";
  readonly #checks: readonly (readonly [string, () => Promise<boolean>])[];

  constructor(checks: Readonly<Record<string, HealthCheck>>) {
    this.#checks = Object.entries(checks).map(([name, check]) => [name, cached(() => passes(check))]);
  }

  started(): void {
    if (this.#state === "starting") this.#state = "started";
  }

  /** From now on the process is not ready, so that no new requests are sent to it. */
  draining(): void {
    this.#state = "draining";
  }

  /** Adds the four routes. They are not logged. */
  routes(app: FastifyInstance): void {
    const route = { logLevel: "silent" } as const;
    const alive = (_: unknown, reply: FastifyReply) => answer(reply, true, { status: "ok" });
    app.get("/livez", route, alive);
    app.get("/healthz", route, alive);
    app.get("/startupz", route, (_, reply) =>
      answer(reply, this.#state !== "starting", { status: this.#state }),
    );
    app.get<{ Querystring: { verbose?: unknown } }>("/readyz", route, async ({ query }, reply) => {
      const checks = await this.#runChecks();
      const failed = Object.values(checks).includes("failed");
      const ready = this.#state === "started" && !failed;
      const status = ready ? "ok" : this.#state === "started" ? "failed" : this.#state;
      return answer(reply, ready, query.verbose === undefined ? { status } : { status, checks });
    });
  }

  async #runChecks(): Promise<Record<string, "ok" | "failed">> {
    const run = async ([name, check]: readonly [string, () => Promise<boolean>]) =>
      [name, (await check()) ? "ok" : "failed"] as const;
    return Object.fromEntries(await Promise.all(this.#checks.map(run)));
  }
}

function answer(reply: FastifyReply, healthy: boolean, body: object): FastifyReply {
  return reply
    .code(healthy ? 200 : 503)
    .header("cache-control", "no-store")
    .send(body);
}

async function passes(check: HealthCheck): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, checkTimeoutMs, false);
  });
  const result = (async () => (await check()) !== false)().catch(() => false);
  return Promise.race([result, expired]).finally(() => clearTimeout(timer));
}

function cached(check: () => Promise<boolean>): () => Promise<boolean> {
  let last: { readonly at: number; readonly result: Promise<boolean> } | undefined;
  return () => {
    if (!last || performance.now() - last.at >= cacheMs) last = { at: performance.now(), result: check() };
    return last.result;
  };
}
