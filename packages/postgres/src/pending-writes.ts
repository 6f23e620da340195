import type { AggregateRoot, Message } from "@tidings/core";
import type { QueryConfig } from "pg";
import { appendEvents, type StoredEvent, saveSnapshot } from "./event-store.ts";
import { insertScheduled, type ScheduledMessage } from "./scheduled-messages.ts";
import type { Store } from "./store.ts";

/** What was pending at some moment, to return to. */
export interface PendingMark {
  readonly events: number;
  readonly messages: number;
  readonly scheduled: readonly ScheduledMessage[];
}

/** Pending writes whose messages are all valid. */
export interface ReadyWrites {
  readonly events: readonly StoredEvent[];
  readonly messages: readonly Message[];
  readonly scheduled: readonly ScheduledMessage<Message>[];
}

/** What a transaction is to write just before its commit: domain events, messages, scheduled messages. */
export class PendingWrites {
  readonly #events: StoredEvent[] = [];
  readonly #messages: (Message | Promise<Message>)[] = [];
  #scheduled: readonly ScheduledMessage[] = [];

  record(message: Message | Promise<Message>): void {
    this.#messages.push(unwatched(message));
  }

  schedule(scheduled: ScheduledMessage): void {
    void unwatched(scheduled.message);
    this.#scheduled = [...this.#scheduled, scheduled];
  }

  /** Forgets a scheduled message. @returns whether there was one */
  unschedule(id: string): boolean {
    const before = this.#scheduled.length;
    this.#scheduled = this.#scheduled.filter((scheduled) => scheduled.id !== id);
    return this.#scheduled.length < before;
  }

  append(event: StoredEvent): void {
    this.#events.push(event);
  }

  mark(): PendingMark {
    return { events: this.#events.length, messages: this.#messages.length, scheduled: this.#scheduled };
  }

  /** Forgets what has come since the mark. */
  resetTo(mark: PendingMark): void {
    this.#events.length = mark.events;
    this.#messages.length = mark.messages;
    this.#scheduled = mark.scheduled;
  }

  /** Waits for validations that are asynchronous. @throws TidingsError `message-invalid` */
  async whenReady(): Promise<ReadyWrites> {
    const messages = await Promise.all(this.#messages);
    const scheduled = this.#scheduled.map(async (waiting) => ({
      ...waiting,
      message: await waiting.message,
    }));
    return { events: this.#events, messages, scheduled: await Promise.all(scheduled) };
  }
}

/**
 * The statements that write everything but the messages, which come last, since they take locks.
 * @param roots the aggregates that the transaction has loaded
 */
export function statementsFor(
  store: Store,
  { events, scheduled }: ReadyWrites,
  roots: Iterable<AggregateRoot<unknown>>,
): QueryConfig[] {
  const snapshots = [...roots].filter((root) => isSnapshotDue(root, events));
  return [
    ...(scheduled.length > 0 ? [insertScheduled(store, scheduled)] : []),
    ...(events.length > 0 ? [appendEvents(store, events)] : []),
    ...snapshots.map((root) => saveSnapshot(store, root)),
  ];
}

function isSnapshotDue(root: AggregateRoot<unknown>, appended: readonly StoredEvent[]): boolean {
  const { snapshot, name } = root.aggregate;
  if (!snapshot) return false;
  const count = appended.filter((event) => event.stream === `${name}-${root.id}`).length;
  return Math.floor(root.version / snapshot.every) > Math.floor((root.version - count) / snapshot.every);
}

/** The commit awaits a validation and throws its error; a transaction that never gets there does not ask. */
function unwatched<T>(message: T | Promise<T>): T | Promise<T> {
  if (message instanceof Promise) message.catch(() => {});
  return message;
}
