import type { Money } from "@mall/common/money";
import type { Transaction } from "tidings";
import type { LedgerAnswer } from "./schemas.ts";
import type { TestCard } from "./test-cards.ts";

/** Runs one statement that is a transaction of its own. */
type Run = Transaction["query"];

/** What is written down about a reference. */
export interface HoldEntry {
  readonly status: "held" | "failed" | "declined" | "captured" | "released" | "void";
  readonly reason: string | null;
}

/**
 * Writes down one more request for a hold. The first one for a reference decides, whatever a repeat says; only one that
 * failed is tried again.
 */
export async function recordHold(
  run: Run,
  { reference, amount }: { readonly reference: string; readonly amount: Money },
  { first, later }: TestCard,
): Promise<HoldEntry> {
  const reason = first.status === "declined" ? first.reason : null;
  const { rows } = await run<HoldEntry>(
    `insert into holds as known (reference, amount, status, reason, requests) values ($1, $2, $3, $4, 1)
     on conflict (reference) do update set requests = known.requests + 1,
       amount = coalesce(known.amount, excluded.amount),
       status = case known.status when 'failed' then $5 else known.status end
     returning status, reason`,
    [reference, amount, first.status, reason, later.status],
  );
  return rows[0] as HoldEntry;
}

/**
 * Captures a hold, once: a repeat under the same key finds the first one.
 * @returns false when nothing is held under the reference, or less than the amount
 */
export async function recordCapture(
  run: Run,
  key: string,
  { reference, amount }: { readonly reference: string; readonly amount: Money },
): Promise<boolean> {
  await run(
    `with taken as (
       update holds set status = 'captured'
       where reference = $2 and status = 'held' and (amount ->> 'amount')::bigint >= ($3::jsonb ->> 'amount')::bigint
       returning reference)
     insert into captures (key, reference, amount) select $1, reference, $3 from taken`,
    [key, reference, amount],
  );
  const { rowCount } = await run("select from captures where key = $1 and reference = $2", [key, reference]);
  return rowCount === 1;
}

/**
 * Gives a hold back, once. Where nothing is held, nothing will be: a hold that arrives late is declined.
 * @returns false when the hold was captured
 */
export async function recordRelease(run: Run, key: string, reference: string): Promise<boolean> {
  await run(
    `insert into holds as known (reference, status, requests) values ($1, 'void', 0)
     on conflict (reference) do update set status = 'void' where known.status = 'failed'`,
    [reference],
  );
  await run(
    `with given_back as (
       update holds set status = 'released' where reference = $2 and status = 'held' returning reference, amount)
     insert into releases (key, reference, amount) select $1, reference, amount from given_back`,
    [key, reference],
  );
  const { rowCount } = await run("select from holds where reference = $1 and status = 'captured'", [
    reference,
  ]);
  return rowCount === 0;
}

/** Everything that the processor saw, in the order in which it saw it first. */
export async function readLedger(run: Run): Promise<LedgerAnswer> {
  const [holds, captures, releases] = await Promise.all([
    run<LedgerAnswer["holds"][number]>(
      "select reference, amount, status, requests from holds where requests > 0 order by seen",
    ),
    run<LedgerAnswer["captures"][number]>("select reference, amount from captures order by seen"),
    run<LedgerAnswer["releases"][number]>("select reference, amount from releases order by seen"),
  ]);
  return { holds: holds.rows, captures: captures.rows, releases: releases.rows };
}
