import { facts, type Invariant, invariants } from "./invariant-list.ts";

/** Asks the database in which all services have their schemas. */
export type Ask = <Row>(text: string) => Promise<Row[]>;

interface Offender {
  readonly what: string;
}

/** What every service must have got rid of once all is quiet. */
async function leftovers(ask: Ask): Promise<Invariant[]> {
  const services = await ask<{ schema: string }>("select schema from tidings.services");
  const each = (sql: (schema: string) => string) =>
    services.map(({ schema }) => sql(schema)).join("\nunion all ");
  return [
    {
      title: "No message is parked, dead or dropped",
      sql: each(
        (
          schema,
        ) => `select '${schema} ' || state || ' ' || (message ->> 'type') || ' ' || coalesce(error ->> 'message', '')
            as what from ${schema}.tidings_parked
          union all select '${schema} dropped ' || message_id from ${schema}.tidings_dropped`,
      ),
    },
    {
      title: "Nothing is planned in services that plan nothing",
      sql: each((schema) =>
        schema === "payments"
          ? "select null as what where false"
          : `select '${schema} ' || id as what from ${schema}.tidings_scheduled`,
      ),
    },
    { title: "Every message was delivered", sql: await undelivered(ask) },
  ];
}

/**
 * A query for the partitions in which a subscription is behind the log that it reads. One that gets its messages through
 * a broker has a second cursor, which says how much of the log was received for it, and may have unread messages in its
 * inbox.
 */
async function undelivered(ask: Ask): Promise<string> {
  const subscriptions = await ask<{ subscription: string; source: string; store: string; log: string }>(
    `select s.subscription, s.source, mine.schema as store, theirs.schema as log from tidings.subscriptions s
     join tidings.services mine on mine.name = s.service join tidings.services theirs on theirs.name = s.source`,
  );
  return subscriptions
    .map(({ subscription, source, store, log }) => {
      const cursor = (name: string) => `(select max(position) from ${store}.tidings_cursors c
        where c.partition = o.partition and c.subscription = '${name}' and c.source = '${source}')`;
      return `select '${subscription} of ${source} in partition ' || partition as what
         from (select partition, max(position) as head from ${log}.tidings_outbox group by 1) o
         where head > coalesce(${cursor(`${subscription}@inbox`)}, ${cursor(subscription)}, 0)
       union all select '${subscription} of ${source} unread in partition ' || partition
         from ${store}.tidings_inbox o where subscription = '${subscription}' and source = '${source}'
         and position > coalesce(${cursor(subscription)}, 0)`;
    })
    .join("\nunion all ");
}

/** What is still going on: nothing, when everything that was begun has come to its end. */
export async function goingOn(ask: Ask): Promise<string[]> {
  const running = `select 'saga ' || id as what from checkout.tidings_sagas where ended_at is null
    union all select 'list ' || id from depot.shopping_lists where status in ('available', 'assigned')`;
  const rows = await ask<Offender>(`${running} union all ${await undelivered(ask)}`);
  return rows.map(({ what }) => what);
}

/** An invariant that does not hold, with the first few that break it. */
export interface Broken {
  readonly title: string;
  readonly by: readonly string[];
}

/** Checks invariants, all of them unless some are given. @returns those that do not hold */
export async function findBroken(ask: Ask, checked?: readonly Invariant[]): Promise<Broken[]> {
  const broken: Broken[] = [];
  for (const { title, sql } of checked ?? (await allInvariants(ask))) {
    const rows = await ask<Offender>(sql).catch((error: Error) => {
      throw new Error(`"${title}" cannot be checked: ${error.message}`);
    });
    if (rows.length > 0) broken.push({ title, by: rows.slice(0, 3).map(({ what }) => what) });
  }
  return broken;
}

/** Those about what orders lead to, and those about every service. */
export async function allInvariants(ask: Ask): Promise<Invariant[]> {
  const aboutOrders = invariants.map(({ title, sql }) => ({ title, sql: `${facts} ${sql}` }));
  return [...aboutOrders, ...(await leftovers(ask))];
}
