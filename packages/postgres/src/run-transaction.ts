import { type Cause, isRefusal, TidingsError } from "@tidings/core";
import type { Pool } from "pg";
import { isStalePlan, isStreamConflict } from "./errors.ts";
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

/**
 * Runs a function in one transaction: commits when it returns, rolls back when it throws or returns a refusal.
 * After a conflict over an aggregate the function runs again, five times at most, after a short random delay.
 *
 * @param work gets the transaction and the unit of work behind it
 * @throws TidingsError `concurrency-conflict` when every repetition met a conflict; else what the function threw
 */
export async function runTransaction<Result>(
  pool: Pool,
  context: ServiceContext,
  cause: Cause,
  work: (tx: ServiceTransaction, unit: UnitOfWork) => Promise<Result>,
): Promise<Committed<Result>> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await useUnit(pool, context, async (unit) => {
        const result = await work(new ServiceTransaction(unit, cause), unit);
        return { result, positions: isRefusal(result) ? new Map() : await unit.commit() };
      });
    } catch (error) {
      if (isStalePlan(error) && attempt < stalePlanRetries) continue;
      if (!isStreamConflict(error)) throw error;
      if (attempt >= conflictRetries)
        throw new TidingsError("concurrency-conflict", undefined, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 10 * 2 ** attempt));
    }
  }
}
