import { withDatabase } from "./database.ts";
import { verify, whenHandled, withHost } from "./delivery.ts";
import { percentile } from "./measure.ts";
import { billing, ordering, orderOf, placeOrder } from "./workload.ts";

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/**
 * Milliseconds from the commit, as the producer sees it, to the visible effect, at a steady rate. The effect
 * is taken to be visible when the host reports the subscriber's progress, which it does after the subscriber's commit.
 */
export async function measureLatency(
  serverUrl: string,
  perSecond: number,
  seconds: number,
): Promise<Latency> {
  return withDatabase(serverUrl, (url) =>
    withHost(url, [ordering, billing], 16, async (host) => {
      const delays: number[] = [];
      const count = perSecond * seconds;
      const runtime = host.runtime("ordering");
      await warmUp(host);
      const started = performance.now();
      const pending: Promise<unknown>[] = [];
      for (let number = 0; number < count; number++) {
        const due = started + (number * 1_000) / perSecond;
        const wait = due - performance.now();
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        pending.push(
          (async () => {
            const { positions } = await host.commit("ordering", (tx) => placeOrder(tx, orderOf(number)));
            const committed = performance.now();
            const token = new Map([[runtime.store.service, positions]]);
            if (!(await host.gate.consistent(token, "billing", 10_000)))
              throw new Error("A message was not handled within 10 s.");
            delays.push(performance.now() - committed);
          })(),
        );
      }
      await Promise.all(pending);
      await verify(host, count + warmUpMessages);
      return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99) };
    }),
  );
}

const warmUpMessages = 200;

async function warmUp(host: Parameters<typeof whenHandled>[0]): Promise<void> {
  for (let number = 0; number < warmUpMessages; number++)
    await host.transaction("ordering", (tx) => placeOrder(tx, orderOf(number)));
  await whenHandled(host);
}
