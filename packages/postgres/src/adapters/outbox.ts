import {
  type Clock,
  type CommandContract,
  type DataOf,
  type EventContract,
  type Message,
  type RecordOptions,
  systemClock,
  uuidv7,
} from "@tidings/core";
import { noCause, partitionOf } from "@tidings/core/internal";
import { type Author, newMessage } from "../new-message.ts";
import { recordStatement } from "../record-messages.ts";
import { type Store, storeOf } from "../store.ts";

/** Which service records, and what it may record. */
export interface OutboxOptions {
  /** The name under which the service is installed in the database. */
  readonly service: string;
  /** The events that it records; another one is refused. */
  readonly publishes?: readonly EventContract[];
  /** The commands that it records for others; their replies come back to it. */
  readonly sends?: readonly CommandContract[];
  /** The machine's clock by default. */
  readonly clock?: Clock;
}

/** What one may record: an event or a command. */
export type Recordable = EventContract | CommandContract;

/** One message to record: its contract, its data, and options where they are needed. */
export type Recording<C> = readonly [contract: C, data: DataOf<C>, options?: RecordOptions];

/** Several messages, each with data that fits its own contract. */
export type Recordings<Contracts extends readonly Recordable[]> = {
  readonly [I in keyof Contracts]: Recording<Contracts[I]>;
};

/** Runs one parameterised statement in the user's transaction, without a name that would stay on the connection. */
export type Execute = (text: string, values: readonly unknown[]) => Promise<readonly object[]>;

/** The service that records, and its time. */
export interface OutboxOwner extends Omit<Author, "cause"> {
  readonly clock: Clock;
}

/**
 * The outbox of one service in one database, for code that owns its transactions. Make it once and keep it; it may be
 * used from any number of transactions at the same time, through `publishIn`, `sendIn` and `recordIn` of
 * `@tidings/postgres/pg`, `/kysely`, `/drizzle` or `/prisma`. What these promise:
 *
 * - **Atomic.** The message exists if and only if the user's transaction commits. It is written at once, by one
 *   statement, so a later `rollback to savepoint` takes it back too.
 * - **Valid.** All data is validated before anything is written: an invalid message throws and records nothing, and
 *   the transaction is still usable.
 * - **Ordered.** Messages with one key are handled in the order in which their transactions commit. To that end the
 *   key's partition stays locked from the recording to the user's commit, and others who record in it wait: record
 *   last, and commit right after.
 * - **Deadlocks.** One call takes its locks in sorted order, so two transactions with one call each, at their end,
 *   cannot deadlock by it. Several calls take them in call order, and rows written after a call are locked after it:
 *   a transaction that does the opposite may meet this one, and PostgreSQL then fails one of the two (40P01). Record
 *   several messages by one `recordIn`.
 * - **Latency.** The library does not see the commit. An outbox of a running host looks 1, 5, 20, 100 and 400 ms after
 *   the recording, so a message is picked up within some milliseconds of a commit that follows at once. In any other
 *   case, and with an outbox of {@link createOutbox}, subscriptions find it at their next poll: within 1 s.
 */
export class Outbox {
  readonly #owner: OutboxOwner;
  readonly #wake: ((partitions: readonly number[]) => void) | undefined;
  #target: { readonly store: Store; readonly statement: string } | undefined;

  /** @param wake called some times after each recording, perhaps before its commit and perhaps without one */
  constructor(owner: OutboxOwner, store?: Store, wake?: (partitions: readonly number[]) => void) {
    this.#owner = owner;
    this.#wake = wake;
    if (store) this.#target = targetOf(store);
  }

  /**
   * Records messages in this order. For adapters; applications use `publishIn`, `sendIn` and `recordIn`.
   * @returns their ids
   * @throws TidingsError `contract-not-declared`, `message-invalid`; Error when the service is not installed
   */
  async record(execute: Execute, recordings: readonly Recording<Recordable>[]): Promise<string[]> {
    const messages = await Promise.all(recordings.map(async (recording) => this.#message(recording)));
    if (messages.length === 0) return [];
    this.#target ??= targetOf(await readStore(execute, this.#owner.service));
    const { store, statement } = this.#target;
    const rows = messages.map((message) => rowOf(message, store));
    await execute(statement, [JSON.stringify(rows)]);
    this.#nudge([...new Set(rows.map(({ partition }) => partition))]);
    return messages.map(({ id }) => id);
  }

  #message([contract, data, options = {}]: Recording<Recordable>): Message | Promise<Message> {
    const { service, records, clock } = this.#owner;
    const time = clock.now();
    const headers = contract.kind === "command" ? { replyTo: service } : {};
    const draft = { id: uuidv7(time.getTime()), time, contract, data, options, headers };
    return newMessage({ service, records, cause: noCause }, draft);
  }

  #nudge(partitions: readonly number[]): void {
    const wake = this.#wake;
    if (wake) for (const delay of nudgesMs) setTimeout(() => wake(partitions), delay).unref();
  }
}

const nudgesMs = [1, 5, 20, 100, 400];

/** An {@link Outbox} for a process that does not run the service itself. Nothing is read until the first recording. */
export function createOutbox(options: OutboxOptions): Outbox {
  const { service, publishes = [], sends = [], clock = systemClock } = options;
  return new Outbox({ service, records: new Set([...publishes, ...sends].map(({ type }) => type)), clock });
}

/** Looks whether the registry exists before reading it: a failing statement would spoil the user's transaction. */
async function readStore(execute: Execute, service: string): Promise<Store> {
  const [registry] = await execute("select to_regclass('tidings.services') is not null as found", []);
  const { found } = registry as { found: boolean };
  const rows = found
    ? await execute("select schema, partitions from tidings.services where name = $1", [service])
    : [];
  const [installed] = rows as readonly { schema: string; partitions: number }[];
  if (!installed) {
    throw new Error(`Service ${service} is not installed in this database: run its migrations first.`);
  }
  return storeOf(service, installed.partitions, installed.schema);
}

/**
 * The messages travel as one parameter of type text, because drivers and ORMs differ in how they send arrays and JSON.
 * Data is JSON inside that JSON, so that the server stores its text as it is (`\u0000` included).
 */
function targetOf(store: Store): { store: Store; statement: string } {
  const statement = recordStatement(
    store,
    `select partition, id, kind, type, version, key, time, correlation_id, causation_id,
    headers::json as headers, data::json as data, ordinality as ordinal
  from rows from (json_to_recordset($1::text::json) as (partition smallint, id uuid, kind text, type text, version smallint,
    key text, time timestamptz, correlation_id uuid, causation_id uuid, headers text, data text)) with ordinality`,
  );
  return { store, statement };
}

function rowOf(message: Message, store: Store) {
  const { correlationId, causationId, headers, data, ...columns } = message;
  return {
    ...columns,
    partition: partitionOf(message.key, store.partitions),
    correlation_id: correlationId,
    causation_id: causationId,
    headers: JSON.stringify(headers),
    data: JSON.stringify(data),
  };
}
