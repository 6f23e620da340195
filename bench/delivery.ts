import type { Service } from "tidings";
import { withClient } from "./database.ts";
import type { Transport } from "./hosts.ts";
import { produce } from "./measure.ts";
import { verify, whenHandled } from "./verify.ts";
import { billing, orderOf, placeOrder } from "./workload.ts";

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
  transport: Transport,
  { count, producers }: Load,
  { held = "nothing", subscriber = billing }: { readonly held?: Held; readonly subscriber?: Service } = {},
): Promise<Rates> {
  return transport(subscriber, producers, (sides) =>
    whileHeld(sides.orderingUrl, held, async () => {
      const started = performance.now();
      const seconds = await produce(count, producers, (number) =>
        sides.ordering.transaction("ordering", (tx) => placeOrder(tx, orderOf(number))),
      );
      await whenHandled(sides);
      const total = (performance.now() - started) / 1_000;
      await verify(sides, count);
      return { produce: count / seconds, endToEnd: count / total };
    }),
  );
}

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
