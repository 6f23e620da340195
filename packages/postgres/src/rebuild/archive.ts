import type { Message } from "@tidings/core";
import type { ClientBase, QueryConfig } from "pg";
import type { SubscriptionKey } from "../cursors.ts";
import type { Store } from "../store.ts";

/**
 * The archive of a rebuildable projection: each message that it has handled, as it was when it was handled, whichever
 * way it came. A source drops its messages once they have been read, so who wants to handle them again keeps them.
 *
 * Entries are numbered when they are written, which happens in the transaction that handles the message, under the
 * lease of its partition. So the entries of one key are in the order in which they were handled, also where one was
 * parked for a while and others overtook it; and who holds all leases sees every entry up to the highest.
 */
export interface ArchivedMessage {
  readonly partition: number;
  readonly position: number | string;
  readonly message: Message;
}

/** A subscription, and whether it archives. */
interface Archiving {
  readonly key: SubscriptionKey;
  readonly isArchiving: boolean;
}

/**
 * Keeps messages that have been handled, in this order, where the subscription archives: the statement belongs to the
 * transaction that handled them.
 */
export function archiveHandled(
  { key, isArchiving }: Archiving,
  messages: readonly ArchivedMessage[],
): QueryConfig[] {
  return isArchiving && messages.length > 0 ? [insertArchived(key, messages)] : [];
}

function insertArchived(
  { subscription, source, store }: SubscriptionKey,
  messages: readonly ArchivedMessage[],
): QueryConfig {
  return {
    name: `tidings_archive ${store.schema}`,
    text: `insert into ${store.table("archive")} (subscription, source, partition, position, message)
      select $1, $2, m.partition, m.position, m.message
      from unnest($3::smallint[], $4::bigint[], $5::json[]) with ordinality m (partition, position, message, place)
      order by place`,
    values: [
      subscription,
      source.service,
      messages.map(({ partition }) => partition),
      messages.map(({ position }) => position),
      messages.map(({ message }) => JSON.stringify(message)),
    ],
  };
}

/**
 * Notes, before a subscription begins to read, whether its archive of a source is complete: it is when it begins with
 * the first message. One that is run without an archive, by an older program too, is complete no more.
 */
export async function noteArchiving(
  client: Pick<ClientBase, "query">,
  { key, isArchiving }: Archiving,
  now: Date,
): Promise<void> {
  const { subscription, source, store } = key;
  const sources = store.table("archived_sources");
  if (!isArchiving) {
    await client.query(
      `update ${sources} set complete = false where subscription = $1 and source = $2 and complete`,
      [subscription, source.service],
    );
    return;
  }
  await client.query(
    `insert into ${sources} (subscription, source, complete, since)
     select $1, $2, not exists (select from ${store.table("cursors")} where subscription = $1 and source = $2 and position > 0), $3
     on conflict do nothing`,
    [subscription, source.service, now],
  );
}

/** A source of which the archive does not have everything, and since when it has. */
export interface IncompleteSource {
  readonly source: string;
  readonly since: Date | null;
}

/** The first source that a subscription has read before, or beside, its archive. */
export async function findIncompleteSource(
  client: { query<Row>(text: string, values: readonly unknown[]): Promise<{ rows: Row[] }> },
  store: Store,
  subscription: string,
): Promise<IncompleteSource | undefined> {
  const { rows } = await client.query<IncompleteSource>(
    `select c.source, a.since from (
       select distinct source from ${store.table("cursors")} where subscription = $1 and position > 0
     ) c left join ${store.table("archived_sources")} a on a.subscription = $1 and a.source = c.source
     where a.complete is not true order by c.source limit 1`,
    [subscription],
  );
  return rows[0];
}
