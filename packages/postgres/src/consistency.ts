import type { ClientBase } from "pg";
import { readCursors } from "./cursors.ts";
import { type Registry, readHeads } from "./registry.ts";

/** Positions by service and partition: what a client has seen, and does not want to miss. */
export type ConsistencyToken = ReadonlyMap<string, ReadonlyMap<number, number>>;

/**
 * Lets a request wait until a service has handled what the client's token names, also by way of other services: a
 * token of `baskets` holds up a reader of `notifications` until `ordering` has handled the position and `notifications`
 * all that `ordering` has recorded by then.
 *
 * However many requests wait, they cost one query every 20 ms for each pair of services waited for. Batches that run in
 * this process are seen at once.
 */
export class ConsistencyGate {
  readonly #client: Pick<ClientBase, "query">;
  readonly #registry: () => Registry;
  /** By reader and source: the lowest cursor of the reader's subscriptions in each partition, as last seen. */
  readonly #reached = new Map<string, Map<string, Map<number, number>>>();
  /** The pairs whose cursors are being read again and again. */
  readonly #refreshing = new Set<string>();
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(client: Pick<ClientBase, "query">, registry: () => Registry) {
    this.#client = client;
    this.#registry = registry;
  }

  /** A subscription of this process has moved its cursors. */
  progressed(
    service: string,
    source: string,
    subscription: string,
    positions: ReadonlyMap<number, number>,
  ): void {
    const reached = this.#reachedBy(service, source, subscription);
    for (const [partition, position] of positions) reached.set(partition, position);
    for (const check of this.#waiting.get(pairOf(service, source)) ?? []) check();
  }

  /** @returns whether the service has caught up with the token in time */
  async consistent(token: ConsistencyToken, service: string, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    const required = new Map([...token].map(([source, positions]) => [source, new Map(positions)]));
    return (await this.#reach(service, required, new Set(), deadline)) !== "late";
  }

  async #reach(
    service: string,
    required: Map<string, Map<number, number>>,
    visited: Set<string>,
    deadline: number,
  ): Promise<"unconcerned" | "reached" | "late"> {
    visited.add(service);
    let outcome: "unconcerned" | "reached" = "unconcerned";
    for (const source of this.#sourcesOf(service)) {
      if (!visited.has(source)) {
        const upstream = await this.#reach(source, required, visited, deadline);
        if (upstream === "late") return "late";
        if (upstream === "reached") await this.#requireHeads(source, required);
      }
      const positions = required.get(source);
      if (!positions) continue;
      if (!(await this.#whenReached(service, source, positions, deadline))) return "late";
      outcome = "reached";
    }
    return outcome;
  }

  #sourcesOf(service: string): Set<string> {
    return new Set(
      this.#registry()
        .subscriptions.filter((entry) => entry.service === service)
        .map((entry) => entry.source),
    );
  }

  async #requireHeads(source: string, required: Map<string, Map<number, number>>): Promise<void> {
    const store = this.#registry().stores.get(source);
    if (store) required.set(source, await readHeads(this.#client, store));
  }

  /** Waits for progress in this process, and looks into the database for that of others. */
  async #whenReached(
    service: string,
    source: string,
    positions: ReadonlyMap<number, number>,
    deadline: number,
  ): Promise<boolean> {
    const isReached = () => this.#isReached(service, source, positions);
    if (isReached()) return true;
    const pair = pairOf(service, source);
    const waiting = this.#waiting.get(pair) ?? new Set();
    this.#waiting.set(pair, waiting);
    return new Promise((resolve) => {
      const finish = (reached: boolean) => {
        waiting.delete(check);
        clearTimeout(timer);
        resolve(reached);
      };
      const check = () => isReached() && finish(true);
      const timer = setTimeout(() => finish(isReached()), Math.max(0, deadline - performance.now()));
      waiting.add(check);
      if (!this.#refreshing.has(pair)) void this.#refresh(service, source, waiting);
    });
  }

  /** Reads the cursors again and again while somebody waits. */
  async #refresh(service: string, source: string, waiting: ReadonlySet<() => void>): Promise<void> {
    const { stores } = this.#registry();
    const [store, log] = [stores.get(service), stores.get(source)];
    this.#refreshing.add(pairOf(service, source));
    while (store && log && waiting.size > 0) {
      const rows = await readCursors(this.#client, store, log, this.#subscriptionsOf(service, source)).catch(
        () => [],
      );
      for (const [subscription, cursors] of Map.groupBy(rows, (row) => row.subscription)) {
        const positions = new Map(cursors.map((row) => [row.partition, row.position]));
        this.progressed(service, source, subscription, positions);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    this.#refreshing.delete(pairOf(service, source));
  }

  #subscriptionsOf(service: string, source: string): string[] {
    const theirs = this.#registry().subscriptions.filter(
      (entry) => entry.service === service && entry.source === source,
    );
    return theirs.map(({ subscription }) => subscription);
  }

  #isReached(service: string, source: string, positions: ReadonlyMap<number, number>): boolean {
    for (const subscription of this.#subscriptionsOf(service, source)) {
      const reached = this.#reachedBy(service, source, subscription);
      for (const [partition, position] of positions)
        if ((reached.get(partition) ?? 0) < position) return false;
    }
    return true;
  }

  #reachedBy(service: string, source: string, subscription: string): Map<number, number> {
    const pair = pairOf(service, source);
    const bySubscription = this.#reached.get(pair) ?? new Map<string, Map<number, number>>();
    this.#reached.set(pair, bySubscription);
    const reached = bySubscription.get(subscription) ?? new Map<number, number>();
    bySubscription.set(subscription, reached);
    return reached;
  }
}

function pairOf(service: string, source: string): string {
  return `${service} ${source}`;
}
