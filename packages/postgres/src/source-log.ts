import type { Store } from "./store.ts";

/**
 * A log as a subscription reads it: in each partition, positions that only grow. It is the outbox of the service whose
 * log it is, where the reader shares its database; else the reader's own copy, its inbox, which a receiver fills with what
 * concerns the subscription, in the same order and at the same positions (see inbox/receiver.ts).
 */
export interface SourceLog {
  readonly service: string;
  readonly partitions: number;
  readonly kind: "outbox" | "inbox";
  /** Distinguishes the prepared statements that name its table. */
  readonly name: string;
  /** The SQL of its rows, where $1 is the source, and `c` has the column `subscription`. */
  readonly rows: string;
}

/** The log of a service in the same database. */
export function outboxLog({ service, partitions, schema, table }: Store): SourceLog {
  return { service, partitions, kind: "outbox", name: schema, rows: table("outbox") };
}

/** A reader's copy of the log of a service in another database. */
export function inboxLog(reader: Store, service: string, partitions: number): SourceLog {
  const rows = `(select * from ${reader.table("inbox")} i where i.subscription = c.subscription and i.source = $1)`;
  return { service, partitions, kind: "inbox", name: `inbox ${reader.schema}`, rows };
}

/** The log that a service reads for a source; undefined while the source is not known. */
export type Routes = (reader: Store, source: string) => SourceLog | undefined;

/** Added to a subscription's name, it is the name under which the cursors say how much has been received for it. */
export const receiptsSuffix = "@inbox";
