import type { Service } from "tidings";
import type { GatewayLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import { Upstream } from "./upstream.ts";
import { UpstreamGroup } from "./upstream-group.ts";

export interface UpstreamsOptions {
  readonly services: readonly Pick<Service, "name">[];
  readonly upstreams: Readonly<Record<string, readonly string[]>>;
  readonly log: Log;
}

/** The processes of all services; one that has several services is watched once. */
export class Upstreams {
  /** All processes: what any service can answer is asked of any of them. */
  readonly anyService: UpstreamGroup;
  readonly #groups: ReadonlyMap<string, UpstreamGroup>;
  readonly #upstreams = new Map<string, Upstream>();

  /** @throws Error when a service has none */
  constructor({ services, upstreams, log }: UpstreamsOptions, limits: GatewayLimits) {
    const at = (url: string) => {
      const { origin } = new URL(url);
      const upstream = this.#upstreams.get(origin) ?? new Upstream(url, log);
      this.#upstreams.set(origin, upstream);
      return upstream;
    };
    const groupOf = ({ name }: { readonly name: string }) =>
      [name, new UpstreamGroup(name, (upstreams[name] ?? []).map(at), limits)] as const;
    this.#groups = new Map(services.map(groupOf));
    this.anyService = new UpstreamGroup("any service", [...this.#upstreams.values()], limits);
  }

  /** Those of each service. */
  get groups(): readonly UpstreamGroup[] {
    return [...this.#groups.values()];
  }

  /** @throws Error when there is no such service */
  of(service: string): UpstreamGroup {
    const group = this.#groups.get(service);
    if (!group) throw new Error(`There is no service ${service}.`);
    return group;
  }

  /** Which service offers a kind of thing to be followed. */
  offers(services: readonly Pick<Service, "name" | "live">[]): ReadonlyMap<string, UpstreamGroup> {
    return new Map(services.flatMap(({ name, live }) => live.map((topic) => [topic.name, this.of(name)])));
  }

  /** What `/readyz` checks: that of each service one process is ready. */
  checks(): Record<string, () => Promise<boolean>> {
    return Object.fromEntries(this.groups.map((group) => [group.name, async () => group.isReady]));
  }

  /** Resolves when each has been asked once. */
  async watch(): Promise<void> {
    await Promise.all([...this.#upstreams.values()].map((upstream) => upstream.watch()));
  }

  close(): void {
    for (const upstream of this.#upstreams.values()) upstream.close();
  }
}
