import { withDatabase } from "./database.ts";
import { withHost } from "./hosts.ts";
import { produce } from "./measure.ts";
import { verify, whenHandled } from "./verify.ts";
import { billingInBatches, ordering, orderOf, placeOrder } from "./workload.ts";

/** How fast a set-based subscriber catches up with a backlog. @returns messages per second */
export async function measureDrain(serverUrl: string, count: number, producers: number): Promise<number> {
  return withDatabase(serverUrl, async (url) => {
    await placeOrders(url, { count, producers });
    const started = performance.now();
    return withHost(url, [ordering, billingInBatches], { producers }, async (host) => {
      const sides = { ordering: host, billing: host };
      await whenHandled(sides);
      const seconds = (performance.now() - started) / 1_000;
      await verify(sides, count);
      return count / seconds;
    });
  });
}

/** Leaves a backlog in ordering's outbox, which nobody reads meanwhile. @param perTransaction 1 unless told otherwise */
export async function placeOrders(
  url: string,
  { count, producers, perTransaction = 1 }: Backlog,
): Promise<void> {
  await withHost(url, [ordering], { producers }, (host) =>
    produce(Math.ceil(count / perTransaction), producers, (turn) =>
      host.transaction("ordering", async (tx) => {
        const from = turn * perTransaction;
        const to = Math.min(count, from + perTransaction);
        for (let number = from; number < to; number++) await placeOrder(tx, orderOf(number));
      }),
    ),
  );
}

interface Backlog {
  readonly count: number;
  readonly producers: number;
  readonly perTransaction?: number;
}
