import type { Sides, Transport } from "./hosts.ts";
import { percentile } from "./measure.ts";
import { verify, whenHandled } from "./verify.ts";
import { billing, orderOf, placeOrder } from "./workload.ts";

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/**
 * Milliseconds from the commit, as the producer sees it, to the visible effect, at a steady rate. The effect
 * is taken to be visible when the host reports the subscriber's progress, which it does after the subscriber's commit.
 */
export async function measureLatency(
  transport: Transport,
  perSecond: number,
  seconds: number,
): Promise<Latency> {
  return transport(billing, 16, async (sides) => {
    const count = perSecond * seconds;
    await warmUp(sides);
    const started = performance.now();
    const pending: Promise<number>[] = [];
    for (let number = 0; number < count; number++) {
      const due = started + (number * 1_000) / perSecond;
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      pending.push(delayOf(sides, number));
    }
    const delays = await Promise.all(pending);
    await verify(sides, count + warmUpMessages);
    return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99) };
  });
}

async function delayOf({ ordering, billing }: Sides, number: number): Promise<number> {
  const { positions } = await ordering.commit("ordering", (tx) => placeOrder(tx, orderOf(number)));
  const committed = performance.now();
  const token = new Map([["ordering", positions]]);
  if (!(await billing.gate.consistent(token, "billing", 10_000)))
    throw new Error("A message was not handled within 10 s.");
  return performance.now() - committed;
}

const warmUpMessages = 200;

async function warmUp(sides: Sides): Promise<void> {
  for (let number = 0; number < warmUpMessages; number++)
    await sides.ordering.transaction("ordering", (tx) => placeOrder(tx, orderOf(number)));
  await whenHandled(sides);
}
