import { type Page, type PageAnswer, pageOf, type ServiceRequest } from "tidings";
import { Order } from "../order.ts";
import type { HistoryEntry } from "../schemas.ts";

type Reader = Pick<ServiceRequest, "history">;

/** One page of an order's events, in order. */
export async function listHistory(
  reader: Reader,
  orderId: string,
  page: Page<[version: number]>,
): Promise<PageAnswer<HistoryEntry>> {
  const afterVersion = page.after?.[0] ?? 0;
  const events = await reader.history(Order, orderId, { afterVersion, limit: page.limit + 1 });
  const entries = events.map(({ version, type, data, time, causedBy }) => {
    return { version, type, data: data as Record<string, unknown>, at: time, causedBy };
  });
  return pageOf(entries, page, (entry) => [entry.version]);
}
