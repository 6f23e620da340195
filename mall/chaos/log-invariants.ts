import type { Invariant } from "../invariant-list.ts";
import type { Ask } from "../invariants.ts";

/** What must hold of the logs of all services and of their copies, once all is quiet and all is in one database. */
export async function logInvariants(ask: Ask): Promise<Invariant[]> {
  const services = await ask<Service>("select name, schema from tidings.services order by name");
  const readings = await ask<Reading>(
    `select s.subscription, s.service, s.source, mine.schema as store, theirs.schema as log from tidings.subscriptions s
     join tidings.services mine on mine.name = s.service join tidings.services theirs on theirs.name = s.source
     order by 1, 2`,
  );
  return [
    ...aboutServices.map(({ title, sql }) => ({ title, sql: union(services.map(sql)) })),
    ...aboutReadings.map(({ title, sql }) => ({ title, sql: union(readings.map(sql)) })),
    witnessed,
  ];
}

interface Service {
  readonly name: string;
  readonly schema: string;
}

interface Reading {
  readonly subscription: string;
  /** The reader. */
  readonly service: string;
  readonly source: string;
  /** The schema of the reader. */
  readonly store: string;
  /** The schema of the service whose log is read. */
  readonly log: string;
}

interface Rule<About> {
  readonly title: string;
  readonly sql: (about: About) => string;
}

const aboutServices: readonly Rule<Service>[] = [
  {
    title: "Every message is recorded once",
    sql: ({ schema }) =>
      `select '${schema} ' || id || ' ' || count(*) as what from ${schema}.tidings_outbox group by id having count(*) > 1`,
  },
  {
    title: "The relay has handed over all that was recorded",
    sql: ({ name, schema }) =>
      `select '${name} in partition ' || partition || ' is at ' || reached || ' of ' || head as what
       from (select partition, max(position) as head from ${schema}.tidings_outbox group by 1) o
       join (select partition, max(position) as reached from ${schema}.tidings_cursors
         where subscription = 'relay' and source = '${name}' group by 1) r using (partition)
       where reached < head`,
  },
  {
    title: "No operation is open",
    sql: ({ schema }) =>
      `select '${schema} ' || kind || ' ' || id as what from ${schema}.tidings_operations where not done`,
  },
  {
    title: "No saga is open or stuck",
    sql: ({ schema }) => `select '${schema} ' || saga || ' ' || id || ' is ' || status as what
      from ${schema}.tidings_sagas where ended_at is null or stuck_since is not null`,
  },
];

/** The rows of a subscription's inbox. */
function inboxOf({ store, subscription, source }: Reading): string {
  return `(select * from ${store}.tidings_inbox where subscription = '${subscription}' and source = '${source}')`;
}

/** Inboxes are forgotten by the hour. */
function hasForgotten({ store, log }: Reading): string {
  const hourOf = (time: string, table: string) =>
    `(select date_trunc('hour', min(${time}), 'UTC') from ${table})`;
  return `(${hourOf("received_at", `${store}.tidings_inbox`)} > ${hourOf("time", `${log}.tidings_outbox`)})`;
}

const aboutReadings: readonly Rule<Reading>[] = [
  {
    title: "What was received is what was recorded, at the same place, once",
    sql: (reading) =>
      `select '${reading.subscription} of ${reading.source}: ' || i.id || ' at ' || i.partition || '/' || i.position as what
       from ${inboxOf(reading)} i left join ${reading.log}.tidings_outbox o using (partition, position)
       where o.id is distinct from i.id and i.position >= (select min(position) from ${reading.log}.tidings_outbox)
       union all select '${reading.subscription} of ${reading.source}: ' || id || ' is there ' || count(*) || ' times'
       from ${inboxOf(reading)} i group by id having count(*) > 1`,
  },
  {
    title: "What was received was received in the order of the log",
    sql: (reading) =>
      `select '${reading.subscription} of ${reading.source} at ' || partition || '/' || position as what
       from (select *, lag(received_at) over (partition by partition order by position) as before from ${inboxOf(reading)} i) i
       where received_at < before`,
  },
  {
    title:
      "Of each type of message that a subscription gets it got all that are addressed to its service or to nobody",
    sql: (reading) =>
      `select '${reading.subscription} of ${reading.source}: ' || o.type || ' at ' || o.partition || '/' || o.position as what
       from ${reading.log}.tidings_outbox o
       join (select type, min(received_at) as since from ${inboxOf(reading)} i group by type) t
         on t.type = o.type and (o.time >= t.since or not ${hasForgotten(reading)})
       left join ${inboxOf(reading)} i on i.partition = o.partition and i.position = o.position
       where i.id is null
         and coalesce(o.headers ->> case o.kind when 'reply' then 'replyTo' else 'to' end, '${reading.service}') = '${reading.service}'`,
  },
];

/** Against the witness of {@link installWitness}. */
const witnessed: Invariant = {
  title: "Each step of an order had its effect in search once, in the order in which they were taken",
  sql: `select coalesce(taken.order_id, seen.order_id) || ' took ' || coalesce(array_to_string(taken.steps, ' '), 'no step')
      || ', search saw ' || coalesce(array_to_string(seen.steps, ' '), 'none') as what
    from (select right(stream, 36)::uuid as order_id, array_agg(case type when 'OrderPlaced' then 'pending'
        when 'OrderApproved' then 'approved' when 'OrderRejected' then 'rejected' when 'OrderReadied' then 'ready'
        when 'OrderCompleted' then 'completed' when 'OrderCancellationRequested' then 'cancelling'
        when 'OrderCancellationAbandoned' then data ->> 'status' when 'OrderCancelled' then 'cancelled' end order by version) as steps
      from ordering.tidings_events where type <> 'GoodsCollected' group by 1) taken
    full join (select order_id, array_agg(status order by number) as steps from chaos.order_steps group by 1) seen using (order_id)
    where taken.steps is distinct from seen.steps`,
};

function union(queries: readonly string[]): string {
  return queries.join("\nunion all ") || "select null as what where false";
}
