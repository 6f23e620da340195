import type { Broker, LogEntry, LogReader, LogReading, ReceivedEntry, ServiceNotice } from "@tidings/core";

interface Question {
  readonly service: string;
  readonly question: unknown;
}

/** A broker whose every move the test makes. */
export class ScriptedBroker implements Broker {
  readonly isConnected = true;
  onReturn(): void {}
  /** All that were begun, in order. */
  readonly readings: ScriptedReading[] = [];
  /** The batches that were appended, in order. */
  readonly appended: (readonly LogEntry[])[] = [];
  readonly asked: Question[] = [];
  readonly notices: ServiceNotice[] = [];
  readonly opened: string[] = [];
  /** How this broker appends; a batch counts as appended when it resolves. */
  appending: (entries: readonly LogEntry[]) => Promise<void> = async () => {};
  /** What is answered to a question; nobody answers unless the test says so. */
  answering: (question: unknown, service: string) => unknown = () => undefined;
  readonly #responders = new Map<string, (question: unknown) => Promise<unknown>>();
  #listener: (notice: ServiceNotice) => void = () => {};

  /** The last reading, if it goes on. */
  get reading(): ScriptedReading | undefined {
    const reading = this.readings.at(-1);
    return reading?.isOpen ? reading : undefined;
  }

  async openLog(service: string): Promise<void> {
    this.opened.push(service);
  }

  async append(_service: string, entries: readonly LogEntry[]): Promise<void> {
    await this.appending(entries);
    this.appended.push(entries);
  }

  async read(reader: LogReader): Promise<LogReading> {
    const reading = new ScriptedReading(reader);
    this.readings.push(reading);
    return reading;
  }

  async announce(notice: ServiceNotice): Promise<void> {
    this.notices.push(notice);
    this.#listener(notice);
  }

  async watch(listener: (notice: ServiceNotice) => void): Promise<void> {
    this.#listener = listener;
  }

  async answer(service: string, respond: (question: unknown) => Promise<unknown>): Promise<void> {
    this.#responders.set(service, respond);
  }

  /** Puts a question to a service as another process would. */
  async put(service: string, question: unknown): Promise<unknown> {
    return this.#responders.get(service)?.(question);
  }

  async ask(service: string, question: unknown): Promise<unknown> {
    this.asked.push({ service, question });
    return this.answering(question, service);
  }

  async close(): Promise<void> {}
}

/** One reading of a log. */
export class ScriptedReading implements LogReading {
  readonly reader: LogReader;
  /** What the reader acknowledged, in order. */
  readonly acknowledged: number[] = [];
  isOpen = true;

  constructor(reader: LogReader) {
    this.reader = reader;
  }

  /** Delivers one batch. @returns the sequence that the reader acknowledges; undefined when that ended the reading */
  async deliver(entries: readonly ReceivedEntry[]): Promise<number | undefined> {
    try {
      const sequence = await this.reader.receive(entries);
      this.acknowledged.push(sequence);
      return sequence;
    } catch (error) {
      this.end(error as Error);
      return undefined;
    }
  }

  /** Ends it, as a lost consumer would. */
  end(reason: Error): void {
    this.isOpen = false;
    this.reader.ended(reason);
  }

  async stop(): Promise<void> {
    this.isOpen = false;
  }
}
