import { TidingsError } from "@tidings/core";
import type { QueryConfig } from "pg";
import type { StoredError } from "../parked-messages.ts";
import type { Store } from "../store.ts";
import type { RebuildPlace, Run } from "./rebuild-tables.ts";

/**
 * How far the last rebuild of a projection is.
 *
 * States: running → done (the tables were exchanged), → failed (a handler threw; `error` says what), → cancelled. From
 * each of these three a new start leads back to running. In every state but done the tables in use are as they were.
 */
export interface Rebuild {
  readonly state: "running" | "done" | "failed" | "cancelled";
  /** Events handled, of those in the archive: counted at the start, and again whenever the end comes near. */
  readonly handled: number;
  readonly total: number;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** Why it failed, without the stack. */
  readonly error: Pick<StoredError, "name" | "code" | "message"> | null;
  /** While it was at work; null before the first events are handled. */
  readonly eventsPerSecond: number | null;
  /** The seconds that are left at this speed; null when it is not running or nothing is known yet. */
  readonly remainingSeconds: number | null;
}

/** Its name among the subscriptions of its service. */
export function subscriptionOf({ store, projection }: Pick<RebuildPlace, "store" | "projection">): string {
  return `${store.service}/${projection}`;
}

interface Row {
  readonly subscription: string;
  readonly state: Rebuild["state"];
  readonly handled: string;
  readonly total: string;
  readonly worked_ms: number;
  readonly error: StoredError | null;
  readonly started_at: Date;
  readonly ended_at: Date | null;
}

/** The last rebuild of each projection that ever had one, by subscription. A read of a few small rows. */
export async function readRebuilds(run: Run, store: Store): Promise<Map<string, Rebuild>> {
  const { rows } = await run<Row>(`select * from ${store.table("rebuilds")}`);
  return new Map(rows.map((row) => [row.subscription, toRebuild(row)]));
}

function toRebuild(row: Row): Rebuild {
  const [handled, total] = [Number(row.handled), Number(row.total)];
  const speed = handled > 0 && row.worked_ms > 0 ? (handled / row.worked_ms) * 1_000 : null;
  const isTimed = row.state === "running" && speed !== null;
  return {
    state: row.state,
    handled,
    total,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    error: row.error && shown(row.error),
    eventsPerSecond: speed === null ? null : Math.round(speed),
    remainingSeconds: isTimed ? Math.ceil(Math.max(0, total - handled) / speed) : null,
  };
}

function shown({ name, code, message }: StoredError): NonNullable<Rebuild["error"]> {
  return { name, message, ...(code !== undefined && { code }) };
}

/** Which rebuilds are to be worked on, by subscription. */
export async function listRunning(run: Run, store: Store): Promise<string[]> {
  const { rows } = await run<{ subscription: string }>(
    `select subscription from ${store.table("rebuilds")} where state = 'running'`,
  );
  return rows.map(({ subscription }) => subscription);
}

/**
 * Notes that a rebuild begins. Of two that start at once one is refused.
 * @throws TidingsError `rebuild-running`
 */
export async function insertRebuild(
  run: Run,
  place: RebuildPlace,
  begun: { readonly id: string; readonly structure: string; readonly at: Date },
): Promise<void> {
  const { store, projection } = place;
  const subscription = subscriptionOf(place);
  const rebuilds = store.table("rebuilds");
  const refusal = new TidingsError(
    "rebuild-running",
    `The projection ${projection} of ${store.service} is being rebuilt already.`,
  );
  const running = await run(`select 1 from ${rebuilds} where subscription = $1 and state = 'running'`, [
    subscription,
  ]);
  if (running.rows.length > 0) throw refusal;
  const { rows } = await run(
    `insert into ${rebuilds} as r (subscription, id, state, structure, total, started_at)
     select $1, $2, 'running', $3, (select count(*) from ${store.table("archive")} where subscription = $1), $4
     on conflict (subscription) do update set id = excluded.id, state = 'running',
       structure = excluded.structure, entry = 0, fence = 0, handled = 0, total = excluded.total, rounds = 0, worked_ms = 0,
       error = null, started_at = excluded.started_at, ended_at = null
     where r.state <> 'running' returning 1`,
    [subscription, begun.id, begun.structure, begun.at],
  );
  if (rows.length === 0) throw refusal;
}

/** @throws TidingsError `rebuild-not-running` */
export async function cancelRow(run: Run, place: RebuildPlace, at: Date): Promise<void> {
  const { rows } = await run(
    `update ${place.store.table("rebuilds")} set state = 'cancelled', ended_at = $2
     where subscription = $1 and state = 'running' returning 1`,
    [subscriptionOf(place), at],
  );
  if (rows.length > 0) return;
  throw new TidingsError(
    "rebuild-not-running",
    `The projection ${place.projection} of ${place.store.service} is not being rebuilt.`,
  );
}

/** A running rebuild, locked by the transaction that goes on with it. */
export interface LockedRebuild {
  readonly id: string;
  readonly structure: string;
  readonly entry: number;
  readonly fence: number;
  readonly handled: number;
  readonly workedMs: number;
  readonly rounds: number;
}

/** Takes the rebuild for this transaction, unless it has ended or another process is at it. */
export async function lockRebuild(run: Run, place: RebuildPlace): Promise<LockedRebuild | undefined> {
  const { rows } = await run<Record<"entry" | "fence" | "handled", string> & Omit<LockedRebuild, "entry">>(
    `select id, structure, entry, fence, handled, worked_ms as "workedMs", rounds from ${place.store.table("rebuilds")}
     where subscription = $1 and state = 'running' for update skip locked`,
    [subscriptionOf(place)],
  );
  const [row] = rows;
  return row && { ...row, entry: Number(row.entry), fence: Number(row.fence), handled: Number(row.handled) };
}

/** What a step changes. */
export interface RebuildMove {
  readonly entry: number;
  readonly handled: number;
  readonly workedMs: number;
}

/** Moves the rebuild on: the statement belongs to the transaction that handled the events. */
export function moveRebuild(place: RebuildPlace, { entry, handled, workedMs }: RebuildMove): QueryConfig {
  return {
    text: `update ${place.store.table("rebuilds")} set entry = $2, handled = handled + $3, worked_ms = worked_ms + $4,
      total = greatest(total, handled + $3) where subscription = $1`,
    values: [subscriptionOf(place), entry, handled, workedMs],
  };
}

/** Begins a round up to the entry `fence`, in which `count` events are to be handled. */
export function beginRound(place: RebuildPlace, fence: number, count: number): QueryConfig {
  return {
    text: `update ${place.store.table("rebuilds")} set fence = $2, total = handled + $3, rounds = rounds + 1 where subscription = $1`,
    values: [subscriptionOf(place), fence, count],
  };
}

/** Notes the end: the statement belongs to the transaction that exchanges the tables. */
export function finishRebuild(place: RebuildPlace, at: Date): QueryConfig {
  return {
    text: `update ${place.store.table("rebuilds")} set state = 'done', total = handled, ended_at = $2 where subscription = $1`,
    values: [subscriptionOf(place), at],
  };
}

/** Notes a failure, unless the rebuild has ended otherwise. @returns whether it was noted */
export async function failRow(
  run: Run,
  place: RebuildPlace,
  failure: { readonly id: string; readonly error: StoredError; readonly at: Date },
): Promise<boolean> {
  const { rows } = await run(
    `update ${place.store.table("rebuilds")} set state = 'failed', error = $3, ended_at = $4
     where subscription = $1 and id = $2 and state = 'running' returning 1`,
    [subscriptionOf(place), failure.id, JSON.stringify(failure.error), failure.at],
  );
  return rows.length > 0;
}
