import { defineEvent, defineService, type MessageOf, on, onBatch, type Transaction, uuidv7 } from "tidings";
import { z } from "zod";

/**
 * The work that every measurement shares: a business transaction inserts one order row and records one message of
 * 400 bytes; a subscriber in another service inserts one row for each message and updates one of 64 totals.
 */
const OrderPlaced = defineEvent("ordering.OrderPlaced", {
  key: "customerId",
  schema: z.object({
    orderId: z.uuid(),
    customerId: z.string(),
    amount: z.int(),
    sequence: z.int(),
    note: z.string(),
  }),
});

export const customers = 1_000;
export const totals = 64;
const messageBytes = 400;

export interface Order {
  readonly orderId: string;
  readonly customerId: string;
  readonly amount: number;
  /** Counts the orders of this customer, so that the order of effects can be checked. */
  readonly sequence: number;
  readonly note: string;
}

/** The n-th order, whose JSON is exactly 400 bytes. */
export function orderOf(number: number): Order {
  const order = {
    orderId: uuidv7(),
    customerId: `customer-${number % customers}`,
    amount: (number % 97) + 1,
    sequence: Math.floor(number / customers),
    note: "",
  };
  return { ...order, note: "x".repeat(messageBytes - JSON.stringify(order).length) };
}

export const insertOrder = "insert into orders (id, customer_id, amount) values ($1, $2, $3)";

export async function placeOrder(tx: Transaction, order: Order): Promise<void> {
  await tx.query(insertOrder, [order.orderId, order.customerId, order.amount]);
  tx.publish(OrderPlaced, order);
}

const orderTable =
  "create table orders (id uuid primary key, customer_id text not null, amount integer not null)";

const effectTables = `
create table invoices (
  number bigint generated always as identity primary key,
  order_id uuid not null, customer_id text not null, sequence integer not null, handled_at timestamptz not null);
create table totals (id integer primary key, amount bigint not null);
insert into totals select id, 0 from generate_series(0, ${totals - 1}) id;`;

export const ordering = defineService("ordering", {
  publishes: [OrderPlaced],
  migrations: [{ name: "0001-orders", sql: orderTable }],
});

/** One message at a time, two statements each; the keys of a batch are interleaved, since neither statement reads. */
export const billing = defineService("billing", {
  reacts: [on(OrderPlaced, insertInvoice, { interleaved: true })],
  migrations: [{ name: "0001-effects", sql: effectTables }],
});

/** The same, strictly one message after the other. */
export const billingInSequence = defineService("billing", {
  reacts: [on(OrderPlaced, insertInvoice)],
  migrations: [{ name: "0001-effects", sql: effectTables }],
});

async function insertInvoice({ data }: MessageOf<typeof OrderPlaced>, tx: Transaction): Promise<void> {
  await Promise.all([
    tx.query(
      "insert into invoices (order_id, customer_id, sequence, handled_at) values ($1, $2, $3, clock_timestamp())",
      [data.orderId, data.customerId, data.sequence],
    ),
    tx.query("update totals set amount = amount + $2 where id = $1", [totalOf(data), data.amount]),
  ]);
}

/** A batch at a time, two statements for all of it. */
export const billingInBatches = defineService("billing", {
  reacts: [
    onBatch(OrderPlaced, async (events, tx) => {
      const orders = events.map(({ data }) => data);
      const amounts = new Map<number, number>();
      for (const order of orders)
        amounts.set(totalOf(order), (amounts.get(totalOf(order)) ?? 0) + order.amount);
      await Promise.all([
        tx.query(
          `insert into invoices (order_id, customer_id, sequence, handled_at)
           select *, clock_timestamp() from unnest($1::uuid[], $2::text[], $3::int[])`,
          [orders.map((o) => o.orderId), orders.map((o) => o.customerId), orders.map((o) => o.sequence)],
        ),
        tx.query(
          "update totals t set amount = t.amount + a.amount from unnest($1::int[], $2::bigint[]) a (id, amount) where t.id = a.id",
          [[...amounts.keys()], [...amounts.values()]],
        ),
      ]);
    }),
  ],
  migrations: [{ name: "0001-effects", sql: effectTables }],
});

function totalOf(order: Pick<Order, "customerId">): number {
  return Number(order.customerId.slice("customer-".length)) % totals;
}
