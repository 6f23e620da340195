import type { LogEntry, ReceivedEntry } from "@tidings/core";
import { until } from "@tidings/testing";
import { logOf } from "./entries.fixture.ts";
import { createInbox } from "./inbox.fixture.ts";
import { Receivers } from "./receivers.ts";
import { ScriptedBroker, type ScriptedReading } from "./scripted-broker.fixture.ts";
import { readReceipts } from "./store-entries.ts";

const nameOf = ({ partition, position }: { partition: number; position: number }) =>
  `${partition}:${position}`;

/** Processes of a service that receive the log of `shop` by way of a scripted broker. */
export async function createDesk() {
  const inbox = await createInbox();
  const pool = inbox.poolWith({ isForgettable: true });
  const broker = new ScriptedBroker();
  const running: Receivers[] = [];
  /** What the subscription was told of, storing by storing. */
  const received: string[][] = [];
  const errors: object[] = [];
  const log = { info() {}, warn() {}, error: (fields: object) => void errors.push(fields) };
  return {
    ...{ inbox, broker, received, errors },
    /** Begins one process more. */
    async start(over: ScriptedBroker = broker): Promise<Receivers> {
      const receivers = new Receivers({ store: inbox.store, pool, log, released: () => {} });
      running.push(receivers);
      await receivers.add({
        ...{ key: inbox.key, types: new Set(["shop.Sold", "shop.Sell.Reply"]), pool, broker: over, log },
        received: (entries) => void received.push(entries.map(nameOf)),
      });
      return receivers;
    },
    whenReading: (over: ScriptedBroker = broker): Promise<ScriptedReading> =>
      until("a reading has begun", () => over.reading),
    stored: async () => (await inbox.stored()).map(nameOf),
    receipts: () => readReceipts(inbox.pool, inbox.key),
    async close(): Promise<void> {
      await Promise.all(running.map((receivers) => receivers.stop()));
      await inbox.close();
    },
  };
}

export type Desk = Awaited<ReturnType<typeof createDesk>>;

/** Entries as the broker's stream has them, from this sequence on. */
export function inStream(entries: readonly LogEntry[], from = 1): ReceivedEntry[] {
  return entries.map((entry, index) => ({ ...entry, sequence: from + index }));
}

/** Two partitions of a log, in a stream in which entries have overtaken each other. */
export function disordered(): ReceivedEntry[] {
  const [two, five, nine] = logOf(0, [2, 5, 9]) as [LogEntry, LogEntry, LogEntry];
  const [three, four, six] = logOf(1, [3, 4, 6]) as [LogEntry, LogEntry, LogEntry];
  return inStream([two, nine, three, five, six, four]);
}
