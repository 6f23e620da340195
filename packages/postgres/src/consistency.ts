import type { ClientBase } from "pg";
import { readCursors } from "./cursors.ts";
import { type Registry, readHeads } from "./registry.ts";
import { SharedReads } from "./shared-reads.ts";
import type { Routes } from "./source-log.ts";
import type { Store } from "./store.ts";

/** What a gate needs of its surroundings. */
export interface GateOptions {
  readonly client: Pick<ClientBase, "query">;
  readonly registry: () => Registry;
  readonly routes: Routes;
  /** Lets a reader's subscriptions of this process read partitions that hold nothing for it. */
  readonly catchUp: (service: string, source: string, partitions: readonly number[]) => void;
  /** Puts a question to a service in another database; undefined when it does not answer in time. */
  readonly ask?: (service: string, question: ReachQuestion, timeoutMs: number) => Promise<unknown>;
}

/** Asks a service to catch up with a token, on the way of a request that waits for it elsewhere. */
export interface ReachQuestion {
  readonly about: "reach";
  readonly token: Entries;
  /** The services that have been asked on that way. */
  readonly visited: readonly string[];
  readonly timeoutMs: number;
}

interface ReachAnswer {
  readonly outcome: Outcome;
  readonly token: Entries;
  readonly visited: readonly string[];
}

/** A token as JSON says it. */
type Entries = readonly (readonly [service: string, positions: readonly (readonly [number, number])[]])[];

type Outcome = "unconcerned" | "reached" | "late";

/** Positions by service and partition: what a client has seen, and does not want to miss. */
export type ConsistencyToken = ReadonlyMap<string, ReadonlyMap<number, number>>;

/**
 * Lets a request wait until a service has handled what the client's token names, also by way of other services: a
 * token of `baskets` holds up a reader of `notifications` until `ordering` has handled the position and `notifications`
 * all that `ordering` has recorded by then. Only events are waited for: what a command is to bring about is a workflow
 * that goes on by itself, and whoever wants to know its outcome follows its operation.
 *
 * However many requests wait, they cost one query for each pair of services waited for: every 20 ms while the reader
 * moves, less and less often while it does not, every 200 ms at last. Batches that run in this process are seen at once.
 * A service in another database is asked to wait for what is before it on the way, and to say how far its log goes then.
 */
export class ConsistencyGate {
  readonly #options: GateOptions;
  /** By reader and source: the lowest cursor of the reader's subscriptions in each partition, as last seen. */
  readonly #reached = new Map<string, Map<string, Map<number, number>>>();
  /** The pairs whose cursors are being read again and again. */
  readonly #refreshing = new Set<string>();
  readonly #waiting = new Map<string, Set<(subscriptions: readonly string[]) => void>>();
  readonly #heads: SharedReads<{ readonly id: string; readonly positions: Map<number, number> }>;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#heads = new SharedReads((sources) => this.#readHeads(sources));
  }

  /** A subscription of this process has moved its cursors. */
  progressed(
    service: string,
    source: string,
    subscription: string,
    positions: ReadonlyMap<number, number>,
  ): void {
    const reached = this.#reachedBy(service, source, subscription);
    for (const [partition, position] of positions) {
      if (position > (reached.get(partition) ?? -1)) reached.set(partition, position);
    }
    const waiting = this.#waiting.get(pairOf(service, source));
    if (!waiting?.size) return;
    const subscriptions = this.#subscriptionsOf(service, source);
    for (const check of waiting) check(subscriptions);
  }

  /** @returns whether the service has caught up with the token in time */
  async consistent(token: ConsistencyToken, service: string, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    const required = new Map([...token].map(([source, positions]) => [source, new Map(positions)]));
    const reach = this.#isHere(service) ? this.#reach : this.#reachElsewhere;
    return (await reach.call(this, service, required, new Set(), deadline)) !== "late";
  }

  /** Answers another process's question about a service of this one. */
  async answer(service: string, { token, visited, timeoutMs }: ReachQuestion): Promise<ReachAnswer> {
    const deadline = performance.now() + timeoutMs;
    const required = new Map(token.map(([source, positions]) => [source, new Map(positions)]));
    const asked = new Set(visited);
    const outcome = await this.#reach(service, required, asked, deadline);
    if (outcome === "reached") await this.#requireHeads(service, required);
    return { outcome, token: entriesOf(required), visited: [...asked] };
  }

  async #reach(
    service: string,
    required: Map<string, Map<number, number>>,
    visited: Set<string>,
    deadline: number,
  ): Promise<Outcome> {
    visited.add(service);
    let outcome: "unconcerned" | "reached" = "unconcerned";
    for (const source of this.#sourcesOf(service)) {
      if (!visited.has(source)) {
        const reach = this.#isHere(source) ? this.#reachHere : this.#reachElsewhere;
        if ((await reach.call(this, source, required, visited, deadline)) === "late") return "late";
      }
      const positions = required.get(source);
      if (!positions) continue;
      if (!(await this.#whenReached(service, source, positions, deadline))) return "late";
      outcome = "reached";
    }
    return outcome;
  }

  async #reachHere(
    source: string,
    required: Map<string, Map<number, number>>,
    visited: Set<string>,
    deadline: number,
  ): Promise<Outcome> {
    const outcome = await this.#reach(source, required, visited, deadline);
    if (outcome === "reached") await this.#requireHeads(source, required);
    return outcome;
  }

  /** Like {@link #reachHere}, in the process of that service. One that does not answer is late. */
  async #reachElsewhere(
    source: string,
    required: Map<string, Map<number, number>>,
    visited: Set<string>,
    deadline: number,
  ): Promise<Outcome> {
    const timeoutMs = Math.max(0, deadline - performance.now());
    const question: ReachQuestion = {
      about: "reach",
      token: entriesOf(required),
      visited: [...visited],
      timeoutMs,
    };
    const answer = (await this.#options.ask?.(source, question, timeoutMs)) as ReachAnswer | undefined;
    if (!answer) return "late";
    for (const service of answer.visited) visited.add(service);
    for (const [service, positions] of answer.token) required.set(service, new Map(positions));
    return answer.outcome;
  }

  #isHere(service: string): boolean {
    return this.#options.ask === undefined || this.#options.registry().stores.has(service);
  }

  #sourcesOf(service: string): Set<string> {
    return new Set(
      this.#options
        .registry()
        .subscriptions.filter((entry) => entry.service === service && entry.isOfEvents)
        .map((entry) => entry.source),
    );
  }

  async #requireHeads(source: string, required: Map<string, Map<number, number>>): Promise<void> {
    const heads = await this.#heads.read(source);
    if (heads) required.set(source, heads.positions);
  }

  async #readHeads(sources: readonly string[]): Promise<{ id: string; positions: Map<number, number> }[]> {
    const stores = sources.flatMap((source) => this.#options.registry().stores.get(source) ?? []);
    const read = async (store: Store) => ({
      id: store.service,
      positions: await readHeads(this.#options.client, store),
    });
    return Promise.all(stores.map(read));
  }

  /** Waits for progress in this process, and looks into the database for that of others. */
  async #whenReached(
    service: string,
    source: string,
    positions: ReadonlyMap<number, number>,
    deadline: number,
  ): Promise<boolean> {
    const isReached = (subscriptions: readonly string[] = this.#subscriptionsOf(service, source)) =>
      this.#isReached({ service, source, subscriptions }, positions);
    if (isReached()) return true;
    const pair = pairOf(service, source);
    const waiting = this.#waiting.get(pair) ?? new Set();
    this.#waiting.set(pair, waiting);
    this.#options.catchUp(service, source, [...positions.keys()]);
    return new Promise((resolve) => {
      const finish = (reached: boolean) => {
        waiting.delete(check);
        clearTimeout(timer);
        resolve(reached);
      };
      const check = (subscriptions: readonly string[]) => {
        if (isReached(subscriptions)) finish(true);
      };
      const timer = setTimeout(() => finish(isReached()), Math.max(0, deadline - performance.now()));
      waiting.add(check);
      if (!this.#refreshing.has(pair)) void this.#refresh(service, source, waiting);
    });
  }

  /** Reads the cursors again and again while somebody waits. */
  async #refresh(service: string, source: string, waiting: ReadonlySet<unknown>): Promise<void> {
    const pair = pairOf(service, source);
    this.#refreshing.add(pair);
    let pauseMs = minPauseMs;
    while (waiting.size > 0) {
      const hasMoved = await this.#readCursors(service, source).catch(() => false);
      pauseMs = hasMoved ? minPauseMs : Math.min(pauseMs * 1.25, maxPauseMs);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    this.#refreshing.delete(pair);
  }

  /** @returns whether another process has moved a cursor since it was last looked at */
  async #readCursors(service: string, source: string): Promise<boolean> {
    const store = this.#options.registry().stores.get(service);
    const log = store && this.#options.routes(store, source);
    if (!store || !log) return false;
    let hasMoved = false;
    const rows = await readCursors(this.#options.client, store, log, this.#subscriptionsOf(service, source));
    for (const [subscription, cursors] of Map.groupBy(rows, (row) => row.subscription)) {
      const known = this.#reachedBy(service, source, subscription);
      const moved = cursors.filter(({ partition, position }) => (known.get(partition) ?? 0) < position);
      if (moved.length === 0) continue;
      hasMoved = true;
      const positions = new Map(moved.map(({ partition, position }) => [partition, position]));
      this.progressed(service, source, subscription, positions);
    }
    return hasMoved;
  }

  #subscriptionsOf(service: string, source: string): string[] {
    const theirs = this.#options
      .registry()
      .subscriptions.filter(
        (entry) => entry.service === service && entry.source === source && entry.isOfEvents,
      );
    return theirs.map(({ subscription }) => subscription);
  }

  #isReached(
    { service, source, subscriptions }: { service: string; source: string; subscriptions: readonly string[] },
    positions: ReadonlyMap<number, number>,
  ): boolean {
    for (const subscription of subscriptions) {
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

const minPauseMs = 20;
const maxPauseMs = 200;

function entriesOf(token: ConsistencyToken): Entries {
  return [...token].map(([service, positions]) => [service, [...positions]]);
}

function pairOf(service: string, source: string): string {
  return `${service} ${source}`;
}
