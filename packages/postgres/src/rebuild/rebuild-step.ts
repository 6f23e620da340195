import { type Message, TidingsError } from "@tidings/core";
import type { Pool, QueryConfig } from "pg";
import { awaitLease } from "../cursors.ts";
import { isLockTimeout } from "../errors.ts";
import { limitsOf } from "../handle-batch.ts";
import { type HandlersByType, handleMessages } from "../handle-messages.ts";
import type { SourceLog } from "../source-log.ts";
import type { SubscriptionSettings } from "../subscription-settings.ts";
import { type ServiceContext, type UnitOfWork, useUnit } from "../unit-of-work.ts";
import {
  beginRound,
  finishRebuild,
  type LockedRebuild,
  lockRebuild,
  moveRebuild,
  subscriptionOf,
} from "./rebuild-state.ts";
import {
  type RebuildPlace,
  type Run,
  rebuildSearchPath,
  structureOf,
  swapTables,
  writesElsewhere,
} from "./rebuild-tables.ts";

/** The steps of a rebuild's transactions; tests end the process there. */
export const rebuildSteps = [
  "rebuild-handled",
  "rebuild-committed",
  "rebuild-leased",
  "rebuild-swapping",
  "rebuild-swapped",
] as const;
export type RebuildStep = (typeof rebuildSteps)[number];

/** What the rebuild of one projection needs of its surroundings. */
export interface RebuildEnvironment {
  readonly place: RebuildPlace;
  readonly handlers: HandlersByType;
  /** The logs that the projection reads. */
  readonly sources: () => readonly SourceLog[];
  readonly pool: Pool;
  /** One in which nothing may be recorded. */
  readonly context: ServiceContext;
  readonly settings: SubscriptionSettings;
  readonly probe: (step: RebuildStep) => void | Promise<void>;
}

/** What became of a step. */
export type StepResult =
  /** It has ended, or another process is at it. */
  | { readonly outcome: "elsewhere" | "done" }
  | { readonly outcome: "moved" }
  /** The database or somebody's lock got in the way; nothing has happened. */
  | { readonly outcome: "interrupted"; readonly error: unknown }
  /** A handler threw, with so many events; nothing has happened. */
  | { readonly outcome: "failed"; readonly id: string; readonly size: number; readonly error: unknown };

interface Entry {
  readonly entry: string;
  readonly message: Message;
}

/**
 * Goes one step on with a rebuild, in one transaction that also moves its position, so that it goes on from there
 * whatever dies. Archived events are handled in the order of their entries, up to a fence below which all is committed.
 * At the fence, all leases of the subscription are taken, so that nothing new is handled meanwhile:
 *
 *   much is left → set the next fence → commit
 *   little is left → handle it → exchange the tables → commit
 *
 * @param size at most so many events at a time
 */
export async function stepRebuild(env: RebuildEnvironment, size: number): Promise<StepResult> {
  const { place, pool, context } = env;
  return useUnit(pool, context, async (unit) => {
    const run = runIn(unit);
    void unit.query({ text: `set local search_path = ${rebuildSearchPath(place)}` });
    const rebuild = await lockRebuild(run, place);
    if (!rebuild) return { outcome: "elsewhere" };
    const step = { env, unit, run, rebuild, size };
    const tried = { size: 0 };
    try {
      return rebuild.entry < rebuild.fence ? await handlePart(step, tried) : await passFence(step, tried);
    } catch (error) {
      const interruption = unit.interruptionBehind(error);
      if (interruption) return { outcome: "interrupted", error: interruption.error };
      if (isLockTimeout(error) && tried.size === 0) return { outcome: "interrupted", error };
      const size = isOurs(error) ? 0 : tried.size;
      return { outcome: "failed", id: rebuild.id, size, error: unit.firstFailure ?? error };
    }
  });
}

/** Whether it is the rebuild itself that refuses to go on: fewer events at a time would not help. */
function isOurs(error: unknown): boolean {
  return error instanceof TidingsError && error.code.startsWith("rebuild-");
}

/** What handlers were given when they threw; none as long as the step waits for locks. */
interface Tried {
  size: number;
}

interface Step {
  readonly env: RebuildEnvironment;
  readonly unit: UnitOfWork;
  readonly run: Run;
  readonly rebuild: LockedRebuild;
  readonly size: number;
}

async function handlePart(step: Step, tried: Tried): Promise<StepResult> {
  const { env, unit, rebuild } = step;
  const started = performance.now();
  const before = await writesElsewhere(step.run, env.place);
  const read = await readEntries(step, rebuild.entry, rebuild.fence);
  const { entry, handled } = await handleEntries(step, read, tried);
  await assertNothingElsewhere(step, before);
  const isRead = entry === read.last && read.entries.length < step.size;
  await env.probe("rebuild-handled");
  const workedMs = performance.now() - started;
  await unit.commit([moveRebuild(env.place, { entry: isRead ? rebuild.fence : entry, handled, workedMs })]);
  await env.probe("rebuild-committed");
  return { outcome: "moved" };
}

async function passFence(step: Step, tried: Tried): Promise<StepResult> {
  const { env, unit, run, rebuild } = step;
  const { place } = env;
  await takeLeases(env, unit);
  await env.probe("rebuild-leased");
  const { rows } = await run<{ count: number; head: string | null }>(
    `select count(*)::int as count, max(entry) as head from ${place.store.table("archive")} where subscription = $1 and entry > $2`,
    [subscriptionOf(place), rebuild.entry],
  );
  const count = rows[0]?.count ?? 0;
  const head = Number(rows[0]?.head ?? rebuild.entry);
  if (count > soonDone(rebuild) && rebuild.rounds < mostRounds) {
    await unit.commit([beginRound(place, head, count)]);
    return { outcome: "moved" };
  }
  return finish(step, head, tried);
}

/** Handles what is left up to the entry `head` and exchanges the tables. The transaction holds all leases. */
async function finish(step: Step, head: number, tried: Tried): Promise<StepResult> {
  const { env, unit, run, rebuild, size } = step;
  const { place } = env;
  await assertUnchanged(run, place, rebuild);
  const before = await writesElsewhere(run, place);
  const started = performance.now();
  let [entry, handled] = [rebuild.entry, 0];
  while (entry < head) {
    const read = await readEntries(step, entry, head);
    const part = await handleEntries(step, read, tried);
    entry = part.entry === read.last && read.entries.length < size ? head : part.entry;
    handled += part.handled;
  }
  tried.size = 0;
  await assertNothingElsewhere(step, before);
  await run(`set local lock_timeout = ${readersWaitMs}`);
  await swapTables(run, place);
  await env.probe("rebuild-swapping");
  const workedMs = performance.now() - started;
  const now = env.context.clock.now();
  await unit.commit([moveRebuild(place, { entry, handled, workedMs }), finishRebuild(place, now)]);
  await env.probe("rebuild-swapped");
  return { outcome: "done" };
}

/** After so many rounds that left too much, because events come as fast as they are handled, the rest is done at once. */
const mostRounds = 20;
/** While the old tables wait for their last readers, new readers wait behind them. */
const readersWaitMs = 100;
const leaseWaitMs = 1_000;
const sliceMs = 250;

/** How many events may be left for the last transaction: as many as take about half a second, while new ones wait. */
function soonDone({ handled, workedMs }: LockedRebuild): number {
  return Math.max(fewEvents, workedMs > 0 ? (handled / workedMs) * 500 : 0);
}

const fewEvents = 100;

/** Waits until no batch of the subscription is running, and lets none begin before the end of this transaction. */
async function takeLeases({ place, sources }: RebuildEnvironment, unit: UnitOfWork): Promise<void> {
  void unit.query({ text: `set local lock_timeout = ${leaseWaitMs}` });
  const key = { subscription: subscriptionOf(place), store: place.store };
  const locks = sources().flatMap((source) =>
    Array.from({ length: source.partitions }, (_, partition) => awaitLease({ ...key, source }, partition)),
  );
  await Promise.all(locks.map((lock: QueryConfig) => unit.query(lock)));
  void unit.query({ text: "reset lock_timeout" });
}

interface ReadEntries {
  readonly entries: readonly Entry[];
  /** The last of them, or where the reading began. */
  readonly last: number;
}

async function readEntries({ env, run, size }: Step, after: number, upTo: number): Promise<ReadEntries> {
  const { rows } = await run<Entry>(
    `select entry, message from ${env.place.store.table("archive")}
     where subscription = $1 and entry > $2 and entry <= $3 order by entry limit $4`,
    [subscriptionOf(env.place), after, upTo, size],
  );
  return { entries: rows, last: Number(rows.at(-1)?.entry ?? after) };
}

/** Handles entries until the time slice is used up. Types that have no handler any more are passed by. */
async function handleEntries(
  { env, unit }: Step,
  { entries, last }: ReadEntries,
  tried: Tried,
): Promise<{ entry: number; handled: number }> {
  const wanted = entries.filter(({ message }) => env.handlers.has(message.type));
  if (wanted.length === 0) return { entry: last, handled: entries.length };
  tried.size = wanted.length;
  const limits = { ...limitsOf(env.settings, wanted.length > 1), sliceMs };
  const messages = wanted.map(({ message }) => message);
  const { handled } = await handleMessages(unit, env.handlers, messages, limits);
  const firstLeft = wanted[handled];
  if (!firstLeft) return { entry: last, handled: entries.length };
  const place = entries.indexOf(firstLeft);
  return { entry: Number(firstLeft.entry) - 1, handled: place };
}

/** @throws TidingsError `rebuild-outdated` */
async function assertUnchanged(run: Run, place: RebuildPlace, { structure }: LockedRebuild): Promise<void> {
  if ((await structureOf(run, place)) !== structure) throw new TidingsError("rebuild-outdated");
}

/** @throws TidingsError `rebuild-writes-elsewhere` */
async function assertNothingElsewhere(
  { env, run }: Step,
  before: ReadonlyMap<string, number>,
): Promise<void> {
  const after = await writesElsewhere(run, env.place);
  const written = [...after].filter(([name, writes]) => writes > (before.get(name) ?? 0));
  if (written.length === 0) return;
  const names = written.map(([name]) => name).join(", ");
  throw new TidingsError(
    "rebuild-writes-elsewhere",
    `The handlers of ${env.place.projection} also write to ${names}, which it does not name among its tables.`,
  );
}

/** Runs statements in a unit of work. */
export function runIn(unit: UnitOfWork): Run {
  return async <Row>(text: string, values: readonly unknown[] = []) => {
    const { rows } = await unit.query({ text, values: values as unknown[] });
    return { rows: rows as Row[] };
  };
}
