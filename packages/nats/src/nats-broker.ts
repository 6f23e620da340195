import type { Broker, LogEntry, LogReader, LogReading, ServiceNotice } from "@tidings/core";
import type { Connection } from "./connection.ts";
import { reasonOf } from "./failures.ts";
import { type Names, namesOf } from "./names.ts";
import { Notices } from "./notices.ts";
import { Publisher } from "./publisher.ts";
import { Questions } from "./questions.ts";
import { Reading } from "./reading.ts";
import { isMissing, openStream } from "./streams.ts";

/** The logs of services as streams of NATS JetStream, over one connection. */
export class NatsBroker implements Broker {
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #publisher: Publisher;
  readonly #notices: Notices;
  readonly #questions: Questions;
  readonly #readings = new Set<Reading>();
  readonly #restoring = new Set<string>();
  #closing: Promise<void> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#names = namesOf(connection.settings.app);
    this.#publisher = new Publisher(connection, this.#names);
    this.#notices = new Notices(connection, this.#names);
    this.#questions = new Questions(connection, this.#names);
  }

  get isConnected(): boolean {
    return this.#connection.isConnected;
  }

  onReturn(listener: () => void): void {
    this.#connection.onReturn.add(listener);
  }

  openLog(service: string): Promise<void> {
    return openStream(this.#connection, this.#names, service);
  }

  async append(service: string, entries: readonly LogEntry[]): Promise<void> {
    try {
      await this.#publisher.append(service, entries);
    } catch (error) {
      this.#restoreLog(service);
      throw error;
    }
  }

  /** Makes a stream again that somebody has deleted: beside the appending, which is repeated until it is there. */
  #restoreLog(service: string): void {
    if (!this.isConnected || this.#restoring.has(service)) return;
    this.#restoring.add(service);
    isMissing(this.#connection, this.#names.stream(service))
      .then((missing) => (missing ? this.openLog(service) : undefined))
      .catch((error: unknown) =>
        this.#connection.log.warn(
          { service, reason: reasonOf(error) },
          "The log of a service cannot be restored.",
        ),
      )
      .finally(() => this.#restoring.delete(service));
  }

  async read(reader: LogReader): Promise<LogReading> {
    const reading = await Reading.begin(this.#connection, this.#names, {
      subscription: reader.subscription,
      source: reader.source,
      after: reader.after,
      receive: (entries) => reader.receive(entries),
      ended: (reason) => {
        this.#readings.delete(reading);
        reader.ended(reason);
      },
    });
    this.#readings.add(reading);
    const stop = async () => {
      await reading.stop();
      this.#readings.delete(reading);
    };
    if (this.#closing !== undefined) await stop();
    return { stop };
  }

  announce(notice: ServiceNotice): Promise<void> {
    return this.#notices.announce(notice);
  }

  watch(listener: (notice: ServiceNotice) => void): Promise<void> {
    return this.#notices.watch(listener);
  }

  answer(service: string, respond: (question: unknown) => Promise<unknown>): Promise<void> {
    return this.#questions.answer(service, respond);
  }

  ask(service: string, question: unknown, timeoutMs: number): Promise<unknown> {
    return this.#questions.ask(service, question, timeoutMs);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#questions.stop();
    this.#notices.stop();
    await Promise.all([...this.#readings].map((reading) => reading.stop()));
    await this.#publisher.settle();
    await this.#connection.close();
  }
}
