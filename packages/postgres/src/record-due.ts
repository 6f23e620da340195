import type { Message } from "@tidings/core";
import { noCause } from "@tidings/core/internal";
import type { Pool } from "pg";
import { runTransaction } from "./run-transaction.ts";
import { takeDue } from "./scheduled-messages.ts";
import type { ServiceContext } from "./unit-of-work.ts";

const perTransaction = 100;

/** Moves due messages into the outbox, in one transaction for each hundred: each is recorded once. */
export async function recordDue(pool: Pool, context: ServiceContext): Promise<void> {
  const now = context.clock.now();
  for (let taken = perTransaction; taken === perTransaction; ) {
    const { result } = await runTransaction(pool, context, noCause, async (_tx, unit) => {
      const { rows } = await unit.query<{ message: Message }>(takeDue(context.store, now, perTransaction));
      for (const { message } of rows) unit.pending.record({ ...message, time: now.toISOString() });
      return rows.length;
    });
    taken = result;
  }
}
