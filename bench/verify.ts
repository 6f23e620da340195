import { readHeads } from "@tidings/postgres/internal";
import type { Sides } from "./hosts.ts";

type Pair = Pick<Sides, "ordering" | "billing">;

/** Waits until the subscriber has passed everything that is recorded by now. */
export async function whenHandled({ ordering, billing }: Pair): Promise<void> {
  const { pool, store } = ordering.runtime("ordering");
  const token = new Map([["ordering", await readHeads(pool, store)]]);
  if (!(await billing.gate.consistent(token, "billing", 180_000)))
    throw new Error("The subscriber did not finish in three minutes.");
}

/**
 * Every order has one effect, the totals are right, and each customer's effects are in the order of the commits. The two
 * databases may be different ones, so it is this program that compares them.
 */
export async function verify({ ordering, billing }: Pair, count: number): Promise<void> {
  const placed = ordering.runtime("ordering").pool;
  const effects = billing.runtime("billing").pool;
  const orders = await placed.query<{ id: string; position: string }>(
    "select data ->> 'orderId' as id, position from ordering.tidings_outbox",
  );
  const invoices = await effects.query<Invoice>(
    "select order_id as id, customer_id as customer from billing.invoices order by number",
  );
  const distinct = new Set(invoices.rows.map(({ id }) => id)).size;
  if (invoices.rows.length !== count || distinct !== count)
    throw new Error(`${count} orders had ${invoices.rows.length} effects on ${distinct} orders.`);
  const disordered = disorderedIn(
    invoices.rows,
    new Map(orders.rows.map(({ id, position }) => [id, Number(position)])),
  );
  if (disordered > 0) throw new Error(`${disordered} effects are out of their customer's order.`);
  await verifyTotals(placed, effects);
}

type Pool = ReturnType<Pair["ordering"]["runtime"]>["pool"];

interface Invoice {
  readonly id: string;
  readonly customer: string;
}

/** How many effects follow one of the same customer whose order was placed later. @throws Error for one without an order */
function disorderedIn(invoices: readonly Invoice[], positions: ReadonlyMap<string, number>): number {
  const last = new Map<string, number>();
  let disordered = 0;
  for (const { id, customer } of invoices) {
    const position = positions.get(id);
    if (position === undefined) throw new Error(`The order ${id} was never placed.`);
    if (position <= (last.get(customer) ?? 0)) disordered++;
    last.set(customer, position);
  }
  return disordered;
}

async function verifyTotals(placed: Pool, effects: Pool): Promise<void> {
  const expected = await placed.query<{ amount: number }>(
    "select sum(amount)::int as amount from ordering.orders where customer_id <> 'held'",
  );
  const found = await effects.query<{ amount: number }>(
    "select sum(amount)::int as amount from billing.totals",
  );
  if (found.rows[0]?.amount !== expected.rows[0]?.amount)
    throw new Error(`The totals are ${found.rows[0]?.amount}, not ${expected.rows[0]?.amount}.`);
}
