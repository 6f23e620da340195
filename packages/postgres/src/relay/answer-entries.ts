import type { LogEntry } from "@tidings/core";
import type { ClientBase } from "pg";
import { type MessageRow, toMessage } from "../claim-batch.ts";
import type { EntriesAnswer, EntriesQuestion } from "../inbox/gap-filler.ts";
import { outboxPartSize } from "../retention.ts";
import type { Store } from "../store.ts";

/**
 * What a service's outbox still has of some entries that did not reach a receiver, as many as one answer holds.
 * Only positions that are committed are asked for: an entry behind them has been received. Where the log begins is looked up
 * last, so that entries of a part that is dropped meanwhile count as gone, and never as passed over.
 */
export async function answerEntries(
  client: Pick<ClientBase, "query">,
  store: Store,
  { partition, after, upTo }: EntriesQuestion,
): Promise<EntriesAnswer> {
  const outbox = store.table("outbox");
  const { rows } = await client.query<MessageRow & { position: string; size: number }>(
    `select *, octet_length(data::text) as size from ${outbox}
     where partition = $1 and position > $2 and position <= $3 order by position limit $4`,
    [partition, after, upTo, mostEntries],
  );
  const parts = await client.query<{ begins: string }>(
    `select coalesce(min(substring(c.relname from '[0-9]+$')::bigint), 0) * $2::bigint as begins
     from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = $1::regclass and not i.inhdetachpending`,
    [outbox, outboxPartSize],
  );
  const entries: LogEntry[] = [];
  let [previous, bytes] = [after, 0];
  for (const row of rows) {
    bytes += row.size;
    if (entries.length > 0 && bytes > mostBytes) break;
    const position = Number(row.position);
    entries.push({ partition, position, previous, message: toMessage(row, store.service) });
    previous = position;
  }
  return { entries, begins: Number(parts.rows[0]?.begins ?? 0) };
}

const mostEntries = 200;
const mostBytes = 400_000;
