import { afterEach, beforeEach, describe } from "vitest";
import { atomicity } from "./cases/atomicity.ts";
import { brokerLoss } from "./cases/broker-loss.ts";
import { consistency } from "./cases/consistency.ts";
import { exactlyOnce } from "./cases/exactly-once.ts";
import { isolation } from "./cases/isolation.ts";
import { largeMessage } from "./cases/large-message.ts";
import { order } from "./cases/order.ts";
import { positions } from "./cases/positions.ts";
import { rescaling } from "./cases/rescaling.ts";
import { slowSubscriber } from "./cases/slow-subscriber.ts";
import { stall } from "./cases/stall.ts";
import { takeover } from "./cases/takeover.ts";
import type { TransportHarness } from "./transport-harness.ts";
import { Trial } from "./trial.ts";

/**
 * The conformance suite of transports: registers with Vitest the cases that each of them has to pass. Atomicity,
 * exactly-once effect, order per key, isolation of the bad message, rescaling, shutdown, kill, a stalled process, loss
 * and return of the broker, a slow subscriber, the largest message, consistency tokens, new subscriptions.
 *
 * Each case has databases of its own and takes some seconds. It is repeated with the environment variable `TEST_SEED`.
 */
export function describeTransport(name: string, harness: TransportHarness): void {
  describe(`the transport ${name}`, { timeout: 60_000 }, () => {
    let trial: Trial | undefined;
    beforeEach(async () => {
      trial = await Trial.open(harness);
    });
    afterEach(async () => {
      await trial?.close();
      trial = undefined;
    });
    const current = () => {
      if (!trial) throw new Error("A case runs inside its own test.");
      return trial;
    };
    for (const register of cases) register(current);
  });
}

const cases = [
  atomicity,
  exactlyOnce,
  order,
  isolation,
  rescaling,
  takeover,
  stall,
  brokerLoss,
  slowSubscriber,
  largeMessage,
  consistency,
  positions,
];
