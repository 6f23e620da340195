import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import {
  type Broker,
  type BrokerLog,
  type LogEntry,
  type LogReading,
  type Message,
  type ReceivedEntry,
  uuidv7,
} from "@tidings/core";
import { type NatsOptions, nats } from "./index.ts";

/** A log that keeps its lines, for tests that look at them. */
export class KeptLog implements BrokerLog {
  readonly lines: { readonly level: string; readonly fields: object; readonly text: string }[] = [];

  info(fields: object, text: string): void {
    this.lines.push({ level: "info", fields, text });
  }

  warn(fields: object, text: string): void {
    this.lines.push({ level: "warn", fields, text });
  }

  error(fields: object, text: string): void {
    this.lines.push({ level: "error", fields, text });
  }

  texts(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ text }) => text);
  }
}

const opened: (() => Promise<void>)[] = [];

export function connectBroker(options: NatsOptions, log: BrokerLog = new KeptLog()): Promise<Broker> {
  return keep(nats(options).connect({ name: "test", log }));
}

async function keep(connecting: Promise<Broker>): Promise<Broker> {
  const broker = await connecting;
  opened.push(() => broker.close());
  return broker;
}

/** A plain client beside the broker, to look at what it keeps and to disturb it. */
export async function connectClient(
  url: string,
): Promise<{ client: NatsConnection; manager: JetStreamManager }> {
  const client = await connect({ servers: url, reconnectTimeWait: 100, maxReconnectAttempts: -1 });
  opened.push(() => client.close());
  return { client, manager: await jetstreamManager(client) };
}

/** Closes all that a test has opened. */
export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((close) => close()));
}

export function messageOf(data: unknown, fields: Partial<Message> = {}): Message {
  return {
    id: uuidv7(),
    kind: "event",
    type: "ordering.OrderPlaced",
    version: 1,
    source: "ordering",
    key: "o1",
    time: "2026-08-22T10:00:00.000Z",
    data,
    correlationId: uuidv7(),
    causationId: null,
    headers: {},
    ...fields,
  };
}

/** Entries with the positions `from` to `to`, in turns of four partitions. */
export function entriesOf(from: number, to: number): LogEntry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const position = from + index;
    return {
      partition: position % 4,
      position,
      previous: Math.max(0, position - 4),
      message: messageOf({ position }),
    };
  });
}

/** A reader that keeps what it receives, and needs nothing of it any more. */
export class KeptReading {
  readonly received: ReceivedEntry[] = [];
  readonly batches: number[] = [];
  readonly ended: Error[] = [];
  reading: LogReading | undefined;

  get positions(): number[] {
    return this.received.map(({ position }) => position);
  }

  /** Whether each position from 1 to `last` is there, however often. */
  hasAll(last: number): boolean {
    return new Set(this.positions).size === last && Math.max(...this.positions) === last;
  }
}

export interface ReadingOptions {
  readonly source?: string;
  readonly subscription?: string;
  readonly after?: number;
  readonly receive?: (entries: readonly ReceivedEntry[]) => Promise<number>;
}

export async function readAll(broker: Broker, options: ReadingOptions = {}): Promise<KeptReading> {
  const { source = "ordering", subscription = "search/products", after = 0, receive } = options;
  const kept = new KeptReading();
  kept.reading = await broker.read({
    source,
    subscription,
    after,
    receive: async (entries) => {
      kept.received.push(...entries);
      kept.batches.push(entries.length);
      return receive ? receive(entries) : (entries.at(-1)?.sequence ?? 0);
    },
    ended: (reason) => kept.ended.push(reason),
  });
  return kept;
}
