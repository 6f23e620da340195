import { readHeads } from "@tidings/postgres/internal";
import { Host, type Service } from "tidings";
import { withClient, withDatabase } from "./database.ts";
import { produce } from "./measure.ts";
import { billing, customers, ordering, orderOf, placeOrder } from "./workload.ts";

/** What lies in the way of a run: a transaction or a reader's snapshot that stays open for all of it. */
export type Held = "nothing" | "transaction" | "snapshot";

export interface Load {
  readonly count: number;
  readonly producers: number;
}

export interface Rates {
  /** Business transactions per second while the subscriber runs. */
  readonly produce: number;
  /** Messages per second from the first transaction to the last effect. */
  readonly endToEnd: number;
}

/** Produces and consumes at once. @throws Error when an effect is missing, repeated or out of order */
export async function measureDelivery(
  serverUrl: string,
  { count, producers }: Load,
  held: Held = "nothing",
  subscriber: Service = billing,
): Promise<Rates> {
  return withDatabase(serverUrl, (url) =>
    withHost(url, [ordering, subscriber], producers, (host) =>
      whileHeld(url, held, async () => {
        const started = performance.now();
        const seconds = await produce(count, producers, (number) =>
          host.transaction("ordering", (tx) => placeOrder(tx, orderOf(number))),
        );
        await whenHandled(host);
        const total = (performance.now() - started) / 1_000;
        await verify(host, count);
        return { produce: count / seconds, endToEnd: count / total };
      }),
    ),
  );
}

export async function withHost<T>(
  url: string,
  services: readonly Service[],
  producers: number,
  use: (host: Host) => Promise<T>,
): Promise<T> {
  const host = await Host.start(services, {
    databaseUrl: url,
    log: quiet,
    connections: { requests: producers },
  });
  try {
    return await use(host);
  } finally {
    await host.close();
  }
}

/** Failures end the run; what the library only notes is not printed between the lines of a measurement. */
const quiet = { info() {}, warn: console.error, error: console.error };

async function whileHeld<T>(url: string, held: Held, run: () => Promise<T>): Promise<T> {
  if (held === "nothing") return run();
  return withClient(url, async (client) => {
    if (held === "transaction") {
      await client.query("begin");
      await client.query(
        "insert into ordering.orders (id, customer_id, amount) values (gen_random_uuid(), 'held', 0)",
      );
    } else {
      await client.query("begin isolation level repeatable read");
      await client.query("select count(*) from ordering.orders");
    }
    const result = await run();
    await client.query("rollback");
    return result;
  });
}

/** Waits until the subscriber has passed everything that is recorded by now. */
export async function whenHandled(host: Host): Promise<void> {
  const { pool, store } = host.runtime("ordering");
  const token = new Map([["ordering", await readHeads(pool, store)]]);
  if (!(await host.gate.consistent(token, "billing", 120_000)))
    throw new Error("The subscriber did not finish in two minutes.");
}

/** Every order has one effect, the totals are right, and each customer's effects are in the order of the commits. */
export async function verify(host: Host, count: number): Promise<void> {
  const { pool } = host.runtime("billing");
  const { rows } = await pool.query(`
    select (select count(*)::int from billing.invoices) as effects,
      (select count(distinct order_id)::int from billing.invoices) as orders,
      (select sum(amount)::int from billing.totals) as total,
      (select sum(amount)::int from ordering.orders where customer_id <> 'held') as expected,
      (select count(*)::int from (
         select o.position, lag(o.position) over (partition by i.customer_id order by i.number) as before
         from billing.invoices i join ordering.tidings_outbox o on (o.data ->> 'orderId')::uuid = i.order_id) s
       where before > position) as disordered`);
  const found = rows[0];
  if (found.effects !== count || found.orders !== count)
    throw new Error(`${count} orders had ${found.effects} effects on ${found.orders} orders.`);
  if (found.total !== found.expected)
    throw new Error(`The totals are ${found.total}, not ${found.expected}.`);
  if (found.disordered > 0)
    throw new Error(`${found.disordered} of ${customers} customers' effects are out of order.`);
}
