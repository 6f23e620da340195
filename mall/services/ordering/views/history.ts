import { type Page, pageOf } from "@mall/common/page";
import type { Transaction } from "tidings";
import type { z } from "zod";
import { Order } from "../order.ts";
import type { HistoryEntry, ListHistory } from "../schemas.ts";

/** One page of an order's events, in order. */
export async function listHistory(
  query: Transaction["query"],
  orderId: string,
  asked: z.infer<typeof ListHistory>,
): Promise<Page<HistoryEntry>> {
  const { rows } = await query<Omit<HistoryEntry, "at"> & { at: Date }>(
    `select version, type, data, time as at, caused_by as "causedBy" from tidings_events
     where stream = $1 and version > $2 order by version limit $3`,
    [`${Order.name}-${orderId}`, asked.cursor ?? 0, asked.limit + 1],
  );
  const entries = rows.map((row) => ({ ...row, at: row.at.toISOString() }));
  return pageOf(entries, asked.limit, (entry) => entry.version);
}
