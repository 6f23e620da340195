import { inOneDatabase } from "./hosts.ts";
import { produce } from "./measure.ts";
import { verify, whenHandled } from "./verify.ts";
import { billing, orderOf, placeOrder } from "./workload.ts";

export interface Memory {
  /** The largest resident set, in MB, measured every 5,000 messages. */
  readonly peakMb: number;
  /** The largest of the last quarter by the largest of the second: about 1 when memory is flat. */
  readonly growth: number;
}

/** The memory of a process that produces and consumes many messages. */
export async function measureMemory(serverUrl: string, count: number, producers: number): Promise<Memory> {
  return inOneDatabase(serverUrl)(billing, producers, async (sides) => {
    const samples: number[] = [];
    await produce(count, producers, async (number) => {
      await sides.ordering.transaction("ordering", (tx) => placeOrder(tx, orderOf(number)));
      if (number % 5_000 === 0) samples.push(process.memoryUsage.rss() / 1e6);
    });
    await whenHandled(sides);
    await verify(sides, count);
    const quarter = Math.floor(samples.length / 4);
    const second = Math.max(...samples.slice(quarter, 2 * quarter));
    return { peakMb: Math.max(...samples), growth: Math.max(...samples.slice(-quarter)) / second };
  });
}
