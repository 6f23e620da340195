import { withDatabase } from "./database.ts";
import { verify, whenHandled, withHost } from "./delivery.ts";
import { produce } from "./measure.ts";
import { billingInBatches, ordering, orderOf, placeOrder } from "./workload.ts";

/** How fast a set-based subscriber catches up with a backlog. @returns messages per second */
export async function measureDrain(serverUrl: string, count: number, producers: number): Promise<number> {
  return withDatabase(serverUrl, async (url) => {
    await withHost(url, [ordering], producers, (host) =>
      produce(count, producers, (number) =>
        host.transaction("ordering", (tx) => placeOrder(tx, orderOf(number))),
      ),
    );
    const started = performance.now();
    return withHost(url, [ordering, billingInBatches], producers, async (host) => {
      await whenHandled(host);
      const seconds = (performance.now() - started) / 1_000;
      await verify(host, count);
      return count / seconds;
    });
  });
}
