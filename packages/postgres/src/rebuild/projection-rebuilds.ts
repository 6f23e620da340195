import { type Handler, TidingsError, type Transaction, uuidv7 } from "@tidings/core";
import { isTransient } from "../errors.ts";
import { handlersByType } from "../handle-messages.ts";
import { storedError } from "../parked-messages.ts";
import type { SourceLog } from "../source-log.ts";
import { quoteIdentifier, type Store } from "../store.ts";
import type { Log } from "../subscription-settings.ts";
import { useUnit } from "../unit-of-work.ts";
import { findIncompleteSource } from "./archive.ts";
import {
  cancelRow,
  failRow,
  insertRebuild,
  listRunning,
  type Rebuild,
  readRebuilds,
  subscriptionOf,
} from "./rebuild-state.ts";
import { type RebuildEnvironment, runIn, type StepResult, stepRebuild } from "./rebuild-step.ts";
import { assertRebuildable, createTables, dropTables, type Run, structureOf } from "./rebuild-tables.ts";

/** A projection, and how far its last rebuild is. */
export interface ProjectionStatus {
  readonly name: string;
  /** Whether it names its tables, so that a rebuild may be tried. */
  readonly isRebuildable: boolean;
  readonly rebuild: Rebuild | null;
}

/** A projection as its service declares it. */
export interface RebuildableProjection {
  readonly name: string;
  readonly handlers: readonly Handler[];
  readonly tables: readonly string[] | undefined;
}

/** What the rebuilds of a service need of it. */
export interface RebuildSurroundings
  extends Pick<RebuildEnvironment, "pool" | "context" | "settings" | "probe"> {
  readonly store: Store;
  /** Runs a statement in a transaction of its own. */
  readonly run: Run;
  /** The logs that a subscription reads. */
  readonly sources: (subscription: string) => readonly SourceLog[];
  readonly log: Log;
}

/** A transaction that is to start or cancel a rebuild: it happens if and only if that commits. */
type Starter = Pick<Transaction, "query" | "now">;

/**
 * The rebuilds of one service's projections: the read model is made anew from the archive, beside the one in use, and
 * takes its place when it has caught up. Readers and live updates go on meanwhile.
 *
 * Any number of processes may run this: each step locks the rebuild's row for its transaction. When a process dies,
 * another one, or the next to start, goes on from the last committed step.
 */
export class ProjectionRebuilds {
  readonly #names: readonly string[];
  /** Of those that can be rebuilt, by subscription. */
  readonly #environments: ReadonlyMap<string, RebuildEnvironment>;
  readonly #surroundings: RebuildSurroundings;
  readonly #working = new Map<string, Promise<void>>();
  readonly #stopped = new AbortController();

  constructor(projections: readonly RebuildableProjection[], surroundings: RebuildSurroundings) {
    this.#names = projections.map(({ name }) => name);
    this.#surroundings = surroundings;
    const environments = projections.flatMap((projection) => environmentOf(projection, surroundings) ?? []);
    this.#environments = new Map(environments.map((env) => [subscriptionOf(env.place), env]));
  }

  /** All projections of the service, in the order of their declaration. Cheap: it reads one small row of each. */
  async list(): Promise<ProjectionStatus[]> {
    const [first] = this.#environments.values();
    const { run } = this.#surroundings;
    const rebuilds = first ? await readRebuilds(run, first.place.store) : new Map<string, Rebuild>();
    return this.#names.map((name) => {
      const env = this.#find(name);
      const rebuild = env && rebuilds.get(subscriptionOf(env.place));
      return { name, isRebuildable: env !== undefined, rebuild: rebuild ?? null };
    });
  }

  /**
   * Starts a rebuild. It begins within about a second after the commit, in any process that runs the service.
   *
   * @returns the projection as it is after the commit
   * @throws TidingsError `projection-not-rebuildable`, `archive-incomplete`, `rebuild-running`
   */
  async start(tx: Starter, name: string): Promise<ProjectionStatus> {
    const { place } = this.#rebuildable(name);
    const run = tx.query.bind(tx) as Run;
    const incomplete = await findIncompleteSource({ query: run }, place.store, subscriptionOf(place));
    if (incomplete) throw archiveIncomplete(name, incomplete.source);
    await assertRebuildable(run, place);
    const at = tx.now();
    const structure = await structureOf(run, place);
    await insertRebuild(run, place, { id: uuidv7(at.getTime()), structure, at });
    await createTables(run, place);
    const rebuilds = await readRebuilds(run, place.store);
    return { name, isRebuildable: true, rebuild: rebuilds.get(subscriptionOf(place)) ?? null };
  }

  /** Gives a running rebuild up; what it has made is removed. @throws TidingsError `rebuild-not-running` */
  async cancel(tx: Starter, name: string): Promise<void> {
    const { place } = this.#rebuildable(name);
    const run = tx.query.bind(tx) as Run;
    await cancelRow(run, place, tx.now());
    await dropTables(run, place);
  }

  /** Goes on with the rebuilds that nobody in this process is at. */
  async poll(): Promise<void> {
    const [first] = this.#environments.values();
    if (!first || this.#stopped.signal.aborted) return;
    for (const subscription of await listRunning(this.#surroundings.run, first.place.store)) {
      const env = this.#environments.get(subscription);
      if (!env || this.#working.has(subscription)) continue;
      const working = this.#work(env).finally(() => this.#working.delete(subscription));
      this.#working.set(subscription, working);
    }
  }

  /** Ends after the steps that are under way. @param graceMs then what still runs is left to its time-out */
  async stop(graceMs: number): Promise<void> {
    this.#stopped.abort();
    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([Promise.all(this.#working.values()), grace]);
    clearTimeout(timer);
  }

  #find(name: string): RebuildEnvironment | undefined {
    return [...this.#environments.values()].find(({ place }) => place.projection === name);
  }

  #rebuildable(name: string): RebuildEnvironment {
    const env = this.#find(name);
    if (env) return env;
    const text = this.#names.includes(name)
      ? `The projection ${name} does not name its tables.`
      : `There is no projection ${name}.`;
    throw new TidingsError("projection-not-rebuildable", text);
  }

  async #work(env: RebuildEnvironment): Promise<void> {
    const { batchSize } = env.settings;
    for (let size = batchSize, setbacks = 0; !this.#stopped.signal.aborted; ) {
      const result = await stepRebuild(env, size).catch(
        (error: unknown): StepResult => ({ outcome: "interrupted", error }),
      );
      switch (result.outcome) {
        case "elsewhere":
          return;
        case "done":
          return this.#finish(env);
        case "moved":
          setbacks = 0;
          size = Math.min(batchSize, 2 * size);
          break;
        case "interrupted":
          this.#warn(env, result.error);
          await this.#pause(Math.min(longestPauseMs, shortestPauseMs * 2 ** setbacks++));
          break;
        case "failed":
          if (result.size <= 1) return this.#fail(env, result);
          size = result.size >> 1;
      }
    }
  }

  /** The planner does not know the new tables yet. */
  async #finish({ place }: RebuildEnvironment): Promise<void> {
    const { run, log } = this.#surroundings;
    log.info({ projection: subscriptionOf(place) }, "projection was rebuilt");
    const schema = quoteIdentifier(place.store.schema);
    for (const table of place.tables)
      await run(`analyze ${schema}.${quoteIdentifier(table)}`).catch(() => undefined);
  }

  async #fail(env: RebuildEnvironment, failure: Extract<StepResult, { outcome: "failed" }>): Promise<void> {
    const { place, context, pool } = env;
    const { id, error } = failure;
    this.#surroundings.log.error(
      { projection: subscriptionOf(place), err: error },
      "rebuild of a projection failed",
    );
    const failed = { id, error: storedError(error), at: context.clock.now() };
    const noted = useUnit(pool, context, async (unit) => {
      if (!(await failRow(runIn(unit), place, failed))) return;
      await dropTables(runIn(unit), place);
      await unit.commit();
    });
    await noted.catch((reason: unknown) => this.#warn(env, reason));
  }

  #warn({ place }: RebuildEnvironment, error: unknown): void {
    const text = isTransient(error)
      ? "rebuild of a projection has to wait; trying again"
      : "rebuild of a projection was interrupted; trying again";
    this.#surroundings.log.warn({ projection: subscriptionOf(place), err: error }, text);
  }

  #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, milliseconds);
      signal.addEventListener("abort", end);
    });
  }
}

function environmentOf(
  { name, handlers, tables }: RebuildableProjection,
  { store, pool, context, settings, sources, probe }: RebuildSurroundings,
): RebuildEnvironment | undefined {
  if (!tables) return undefined;
  const place = { store, projection: name, tables };
  const recordsNothing = { ...context, isRebuilding: true, apart: refuseApart };
  return {
    place,
    handlers: handlersByType(handlers),
    sources: () => sources(subscriptionOf(place)),
    pool,
    context: recordsNothing,
    settings,
    probe,
  };
}

async function refuseApart(): Promise<never> {
  throw new TidingsError("rebuild-must-not-record");
}

const shortestPauseMs = 200;
const longestPauseMs = 30_000;

function archiveIncomplete(name: string, source: string): TidingsError {
  return new TidingsError(
    "archive-incomplete",
    `The projection ${name} has handled messages of ${source} that its archive does not have.`,
  );
}
