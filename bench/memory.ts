import { withDatabase } from "./database.ts";
import { verify, whenHandled, withHost } from "./delivery.ts";
import { produce } from "./measure.ts";
import { billing, ordering, orderOf, placeOrder } from "./workload.ts";

export interface Memory {
  /** The largest resident set, in MB, measured every 5,000 messages. */
  readonly peakMb: number;
  /** The largest of the last quarter by the largest of the second: about 1 when memory is flat. */
  readonly growth: number;
}

/** The memory of a process that produces and consumes many messages. */
export async function measureMemory(serverUrl: string, count: number, producers: number): Promise<Memory> {
  return withDatabase(serverUrl, (url) =>
    withHost(url, [ordering, billing], producers, async (host) => {
      const samples: number[] = [];
      await produce(count, producers, async (number) => {
        await host.transaction("ordering", (tx) => placeOrder(tx, orderOf(number)));
        if (number % 5_000 === 0) samples.push(process.memoryUsage.rss() / 1e6);
      });
      await whenHandled(host);
      await verify(host, count);
      const quarter = Math.floor(samples.length / 4);
      const second = Math.max(...samples.slice(quarter, 2 * quarter));
      return { peakMb: Math.max(...samples), growth: Math.max(...samples.slice(-quarter)) / second };
    }),
  );
}
