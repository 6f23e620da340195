import { type Cause, isRefusal, TidingsError } from "@tidings/core";
import type { Pool } from "pg";
import { isConstraintViolation, isDeadlock, isStalePlan, isStreamConflict } from "./errors.ts";
import { PartitionBlocked } from "./partition-queues.ts";
import { ServiceTransaction } from "./service-transaction.ts";
import { type Positions, type ServiceContext, type UnitOfWork, useUnit } from "./unit-of-work.ts";

/** What a committed transaction returned, and where the messages that it recorded stand. */
export interface Committed<Result> {
  readonly result: Result;
  readonly positions: Positions;
}

const conflictRetries = 5;
/** More than a pool has connections: each of them may have to be replaced after a migration. */
const stalePlanRetries = 20;
const roomTimeoutMs = 120_000;

/**
 * Runs a function in one transaction: commits when it returns, rolls back when it throws or returns a refusal.
 *
 * The function runs again after a conflict over an aggregate or a deadlock (five times at most, after a short random
 * delay), and when a partition that it records in has been held by somebody else for a while: then it waits for room,
 * without a connection, two minutes at most.
 *
 * @param work gets the transaction and the unit of work behind it
 * @throws TidingsError `concurrency-conflict` when every repetition met a conflict, `partition-blocked`; else what the
 *   function threw
 */
export async function runTransaction<Result>(
  pool: Pool,
  context: ServiceContext,
  cause: Cause,
  work: (tx: ServiceTransaction, unit: UnitOfWork) => Promise<Result>,
): Promise<Committed<Result>> {
  for (let conflicts = 0, stalePlans = 0; ; ) {
    let loaded: LoadedVersions = new Map();
    try {
      return await useUnit(pool, context, async (unit) => {
        loaded = unit.loadedVersions;
        const result = await work(new ServiceTransaction(unit, cause), unit);
        return { result, positions: isRefusal(result) ? new Map() : await unit.commit() };
      });
    } catch (error) {
      if (isStalePlan(error) && stalePlans++ < stalePlanRetries) continue;
      if (error instanceof PartitionBlocked && context.queues) {
        await context.queues.whenRoom(error.partitions, roomTimeoutMs);
        continue;
      }
      const isConflict = await isConflictOver(pool, context, loaded, error);
      if (!isConflict && !isDeadlock(error)) throw error;
      if (conflicts++ === conflictRetries) {
        throw isConflict ? new TidingsError("concurrency-conflict", undefined, { cause: error }) : error;
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** conflicts));
    }
  }
}

type LoadedVersions = ReadonlyMap<string, number>;

/**
 * Whether somebody else changed an aggregate meanwhile. That shows in the append; or earlier, in a constraint of a view
 * that was written by a decision about the old state.
 */
async function isConflictOver(
  pool: Pool,
  { store }: ServiceContext,
  loaded: LoadedVersions,
  error: unknown,
): Promise<boolean> {
  if (isStreamConflict(error)) return true;
  if (!isConstraintViolation(error) || loaded.size === 0) return false;
  const { rows } = await pool.query<{ moved: boolean }>(
    `select exists (select from ${store.table("events")} e join unnest($1::text[], $2::int[]) l (stream, version)
       on e.stream = l.stream and e.version > l.version) as moved`,
    [[...loaded.keys()], [...loaded.values()]],
  );
  return rows[0]?.moved ?? false;
}
