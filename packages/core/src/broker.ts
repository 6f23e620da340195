import type { Message } from "./message.ts";

/**
 * A message at its place in the log of the service that recorded it, as a broker carries it.
 *
 * `previous` names the entry before it in its partition, so whoever receives the entries, in whatever order and however
 * often, can restore the log exactly: nothing is missing, repeated or out of order that is not noticed.
 */
export interface LogEntry {
  readonly partition: number;
  readonly position: number;
  /** The position of the entry before it in its partition; 0 when there is none. */
  readonly previous: number;
  readonly message: Message;
}

/** An entry that a broker delivered. */
export interface ReceivedEntry extends LogEntry {
  /** Its place in the broker's own stream, from 1; not without gaps. */
  readonly sequence: number;
}

/** What others have to know of a service whose database they do not see. */
export interface ServiceNotice {
  readonly service: string;
  /** The number of partitions of its log. */
  readonly partitions: number;
  /** The types of the commands that it sends. */
  readonly sends: readonly string[];
}

/** Where and how to read the log of another service. */
export interface LogReader {
  /** The reader's subscription; together with `source` it names what the broker keeps for the reader. */
  readonly subscription: string;
  readonly source: string;
  /** The sequence after which to begin: the highest of which the reader needs nothing any more. 0: from the first. */
  readonly after: number;
  /**
   * Called with entries in the order of the broker's stream, one batch at a time: while its promise is pending, more
   * gather, up to a limit. It resolves to the highest sequence of which the reader needs nothing any more, which the
   * broker may then forget for this reader. When it rejects, the reading ends, and `ended` is called.
   */
  receive(entries: readonly ReceivedEntry[]): Promise<number>;
  /** Called once when the reading has ended without being asked to: begin a new one. */
  ended(reason: Error): void;
}

/** A reading of a log, until it is stopped. */
export interface LogReading {
  /** Ends it: when the promise resolves, `receive` is not running and is not called any more. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * A broker that carries the logs of services between databases. The log in the database stays the truth: the broker may
 * deliver an entry late, twice or out of order, and may begin anew from any place it still has.
 */
export interface Broker {
  /** False while the connection is lost; it comes back by itself. */
  readonly isConnected: boolean;

  /** Calls back each time when the connection has come back: what the broker keeps may have been lost meanwhile. */
  onReturn(listener: () => void): void;

  /** Makes the log of a service ready to be appended to. @throws TidingsError `broker-drift`, `broker-unavailable` */
  openLog(service: string): Promise<void>;

  /**
   * Appends entries to the log of their service. Resolves when the broker has stored all of them durably.
   * @throws TidingsError `broker-unavailable`: some of them may be stored; append them again
   */
  append(service: string, entries: readonly LogEntry[]): Promise<void>;

  /**
   * Reads a log on behalf of one subscription: at most one process at a time should, and whoever begins takes over from
   * those who did before, from its own place.
   * @throws TidingsError `broker-drift`, `broker-unavailable`; or `log-unknown` when no service of that name has opened one
   */
  read(reader: LogReader): Promise<LogReading>;

  /** Makes a service known to all, also to those who start later. @throws TidingsError `broker-unavailable` */
  announce(notice: ServiceNotice): Promise<void>;

  /** Calls back with every service that is known, and with each that becomes known or changes. */
  watch(listener: (notice: ServiceNotice) => void): Promise<void>;

  /** Answers the questions that others put to a service; one of the processes that do so answers each. */
  answer(service: string, respond: (question: unknown) => Promise<unknown>): Promise<void>;

  /** Puts a question to a service. @returns its answer; undefined when nobody answers in time */
  ask(service: string, question: unknown, timeoutMs: number): Promise<unknown>;

  /** Sends what is under way and closes the connection. Readings end without `ended`. Safe to call twice. */
  close(): Promise<void>;
}

/** A way to connect to a broker: what `nats({ … })` of `@tidings/nats` returns. */
export interface BrokerOptions {
  /** @throws TidingsError `broker-unavailable` with one sentence that names the servers, never a password */
  connect(client: { readonly name: string; readonly log: BrokerLog }): Promise<Broker>;
}

/** The part of a pino logger that a broker needs. */
export interface BrokerLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}
