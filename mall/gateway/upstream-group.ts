import { Limiter } from "./limiter.ts";
import type { GatewayLimits } from "./limits.ts";
import type { Upstream } from "./upstream.ts";

/** The processes of one service: any of them can answer any of its requests. */
export class UpstreamGroup {
  readonly name: string;
  readonly limiter: Limiter;
  readonly #upstreams: readonly Upstream[];
  #turn = 0;

  /** @throws Error when there are none */
  constructor(name: string, upstreams: readonly Upstream[], limits: GatewayLimits) {
    if (upstreams.length === 0) throw new Error(`${name} has no upstream.`);
    this.name = name;
    this.#upstreams = upstreams;
    const { inFlight, queued, queueMs } = limits;
    this.limiter = new Limiter({ inside: inFlight, queued, waitMs: queueMs });
  }

  /** Whether any is ready. */
  get isReady(): boolean {
    return this.#upstreams.some(({ isReady }) => isReady);
  }

  /** Whether another one is ready, to ask in the place of this one. */
  hasOtherReady(upstream: Upstream): boolean {
    return this.#upstreams.some((other) => other !== upstream && other.isReady);
  }

  /** The one to ask next, in turn: a ready one, if there is any, and one that has not been tried before that. */
  next(tried: ReadonlySet<Upstream> = new Set()): Upstream {
    const turn = this.#turn++;
    const inTurn = this.#upstreams.map((_, index) => this.#at(turn + index));
    const rank = (upstream: Upstream) => (upstream.isReady ? 0 : 2) + (tried.has(upstream) ? 1 : 0);
    return inTurn.reduce((best, upstream) => (rank(upstream) < rank(best) ? upstream : best));
  }

  #at(index: number): Upstream {
    return this.#upstreams[index % this.#upstreams.length] as Upstream;
  }
}
