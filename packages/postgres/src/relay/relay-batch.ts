import type { Broker, LogEntry } from "@tidings/core";
import { type Batch, claimBatch, movesOf } from "../claim-batch.ts";
import { moveCursors } from "../cursors.ts";
import type { BatchRequest, BatchResult } from "../handle-batch.ts";
import type { SubscriptionEnvironment } from "../subscription-settings.ts";
import { useUnit } from "../unit-of-work.ts";

/**
 * Hands the next messages of some partitions of a service's own outbox to the broker, in one transaction:
 *
 *   claim (lease partitions, read messages) → append all of them at the broker → move cursors → commit
 *
 * The cursors move only when the broker has stored all of the batch. If anything fails or the process dies before the commit,
 * the same messages are appended again, by this process or another one, which their receivers notice by the positions.
 *
 * @throws what the broker throws, and transient errors: nothing has happened, try again later
 */
export async function relayBatch(
  env: SubscriptionEnvironment,
  broker: Broker,
  { partitions, limit }: BatchRequest,
): Promise<BatchResult> {
  const { key } = env;
  return useUnit(env.pool, env.context, async (unit) => {
    const batch = await claimBatch(unit, key, null, partitions, limit);
    const result = { batch, isolate: false, retryAt: null, waitedMs: 0, handled: batch.messages.length };
    if (batch.size === 0) return result;
    await env.probe("claimed");
    const started = performance.now();
    await broker.append(key.source.service, entriesOf(batch));
    const waitedMs = performance.now() - started;
    await env.probe("handled");
    await unit.commit([moveCursors(key, movesOf(batch))]);
    await env.probe("committed");
    env.progressed(new Map([...batch.partitions].map(([partition, { to }]) => [partition, to])));
    return { ...result, waitedMs };
  });
}

/** The relay passes nothing over, so the message before the first of a partition stands where the cursor does. */
function entriesOf({ partitions, messages }: Batch): LogEntry[] {
  const last = new Map([...partitions].map(([partition, { from }]) => [partition, from]));
  return messages.map(({ partition, position, message }) => {
    const previous = last.get(partition) ?? 0;
    last.set(partition, position);
    return { partition, position, previous, message };
  });
}
