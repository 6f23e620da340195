import type { Query } from "./database.ts";

/**
 * Makes data of a mall with one database look as if search had received the log of ordering through a broker, and
 * ordering had relayed it.
 */
export async function receiveAsThroughBroker(query: Query): Promise<void> {
  await query(`insert into search.tidings_inbox
    select 'search/orders', 'ordering', partition, position, id, kind, type, version, key, time, correlation_id, causation_id, headers,
      data, time + position * interval '1 ms' from ordering.tidings_outbox where kind = 'event' and type <> 'ordering.OperationProgressed'`);
  await query(`insert into search.tidings_cursors (subscription, source, partition, position)
    select 'search/orders@inbox', 'ordering', partition, max(position) from ordering.tidings_outbox group by partition`);
  await query(`insert into ordering.tidings_cursors (subscription, source, partition, position)
    select 'relay', 'ordering', partition, max(position) from ordering.tidings_outbox group by partition`);
}

/** Picks one row of a table. */
function one(table: string, condition = "true"): string {
  return `ctid = (select ctid from ${table} where ${condition} limit 1)`;
}

/** For each invariant of the logs, by its title, a change of sound data that breaks it. */
export const logPlants: Readonly<Record<string, string>> = {
  "Every message is recorded once": `insert into depot.tidings_outbox select partition, position + 1000000, id, kind, type, version,
    key, time, correlation_id, causation_id, headers, data from depot.tidings_outbox where ${one("depot.tidings_outbox")}`,
  "The relay has handed over all that was recorded": `update ordering.tidings_cursors set position = position - 1
    where ${one("ordering.tidings_cursors", "subscription = 'relay'")}`,
  "No operation is open": `update baskets.tidings_operations set done = false where ${one("baskets.tidings_operations")}`,
  "No saga is open or stuck": `update checkout.tidings_sagas set stuck_since = now() where ${one("checkout.tidings_sagas")}`,
  "What was received is what was recorded, at the same place, once": `insert into search.tidings_inbox
    select subscription, source, partition, position + 1000000, id, kind, type, version, key, time, correlation_id, causation_id,
      headers, data, received_at + interval '1 hour' from search.tidings_inbox where ${one("search.tidings_inbox")}`,
  "What was received was received in the order of the log": `update search.tidings_inbox set received_at = '2001-01-01'
    where ${one("search.tidings_inbox i", "exists (select from search.tidings_inbox o where o.partition = i.partition and o.position < i.position)")}`,
  "Of each type of message that a subscription gets it got all that are addressed to its service or to nobody": `delete from search.tidings_inbox
    where ${one("search.tidings_inbox", "type = 'ordering.OrderPlaced'")}`,
  "Each step of an order had its effect in search once, in the order in which they were taken": `insert into chaos.order_steps
    select number + 1000000, order_id, status from chaos.order_steps where ${one("chaos.order_steps", "status = 'approved'")}`,
};
