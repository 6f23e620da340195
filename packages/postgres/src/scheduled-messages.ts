import type { Message } from "@tidings/core";
import type { QueryConfig } from "pg";
import type { Store } from "./store.ts";

/** A message that is to be recorded at `dueAt`; it may still be being validated. */
export interface ScheduledMessage<Content = Message | Promise<Message>> {
  readonly id: string;
  readonly dueAt: Date;
  readonly message: Content;
}

export function insertScheduled(store: Store, scheduled: readonly ScheduledMessage<Message>[]): QueryConfig {
  return {
    text: `insert into ${store.table("scheduled")} (id, due_at, message)
      select * from unnest($1::uuid[], $2::timestamptz[], $3::json[])`,
    values: [
      scheduled.map(({ id }) => id),
      scheduled.map(({ dueAt }) => dueAt),
      scheduled.map(({ message }) => JSON.stringify(message)),
    ],
  };
}

export function deleteScheduled(store: Store, id: string): QueryConfig {
  return { text: `delete from ${store.table("scheduled")} where id = $1`, values: [id] };
}

/**
 * Takes due messages out of the table, earliest first; the caller records them in the same transaction. Several
 * pollers share the work: a message that another one is taking is passed over.
 */
export function takeDue(store: Store, now: Date, limit: number): QueryConfig {
  return {
    text: `
with due as (
  select id from ${store.table("scheduled")} where due_at <= $1 order by due_at, id limit $2 for update skip locked
), taken as (
  delete from ${store.table("scheduled")} s using due where s.id = due.id returning s.due_at, s.id, s.message
)
select message from taken order by due_at, id`,
    values: [now, limit],
  };
}
