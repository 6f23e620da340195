import { randomUUID } from "node:crypto";
import type { Msg } from "@nats-io/transport-node";
import { type LogReader, type LogReading, type ReceivedEntry, TidingsError } from "@tidings/core";
import type { Connection } from "./connection.ts";
import { type ConsumerPlace, ownershipOf, placeConsumer, type Start } from "./consumers.ts";
import { isPassing, reasonOf } from "./failures.ts";
import { Feed } from "./feed.ts";
import { decodeEntry } from "./headers.ts";
import type { Names } from "./names.ts";

/** How many entries are handed over at once. */
const batchSize = 1_000;
/** No more is pulled while so much waits to be handed over. */
const gatheredEntries = 1_000;
const gatheredBytes = 16 * 1_024 * 1_024;
/** About what an entry takes besides its data. */
const headerBytes = 1_024;
const retryMs = 150;

interface Gathered {
  readonly sequence: number;
  readonly size: number;
  /** Undefined for a message that is no entry of a log. */
  readonly entry: ReceivedEntry | undefined;
}

/**
 * One reading of a log.
 *
 * States: reading → (the feed breaks: lost connection, silence, a lost delivery) restoring → reading, until it is
 * stopped or ended. Restoring puts the consumer in place anew behind the last entry that arrived, unless another reader
 * has it by now: then the reading ends.
 */
export class Reading implements LogReading {
  readonly #connection: Connection;
  readonly #reader: LogReader;
  readonly #place: ConsumerPlace;
  #start: Start;
  #feed: Feed | undefined;
  #gathered: Gathered[] = [];
  #gatheredBytes = 0;
  /** The highest sequence that has arrived. */
  #arrived: number;
  /** The highest sequence that has been handed over, or passed over as no entry. */
  #handed: number;
  /** Where to acknowledge what has arrived from this consumer, in the order of the stream. */
  #unacknowledged: { readonly sequence: number; readonly reply: string }[] = [];
  #handing: Promise<void> | undefined;
  #isOver = false;
  /** Whether restoring may have removed the consumer already, without getting to make it again. */
  #hasRemoved = false;
  #restoredAt = Number.NEGATIVE_INFINITY;
  #wake = Promise.withResolvers<void>();

  /** @throws TidingsError `log-unknown`, `broker-unavailable` */
  static async begin(connection: Connection, names: Names, reader: LogReader): Promise<Reading> {
    const place = {
      stream: names.stream(reader.source),
      consumer: names.consumer(reader.subscription),
      owner: `${connection.name} ${randomUUID()}`,
    };
    const what = `The log of ${reader.source} cannot be read for ${reader.subscription}`;
    const start = await connection.insist(what, () =>
      placeConsumer(connection, place, { after: reader.after }),
    );
    return new Reading(connection, reader, { place, start });
  }

  private constructor(
    connection: Connection,
    reader: LogReader,
    { place, start }: { readonly place: ConsumerPlace; readonly start: Start },
  ) {
    this.#connection = connection;
    this.#reader = reader;
    this.#place = place;
    this.#start = start;
    this.#arrived = start.after;
    this.#handed = start.after;
    this.#feed = this.#open();
  }

  async stop(): Promise<void> {
    this.#close();
    await this.#handing;
  }

  #close(): void {
    this.#isOver = true;
    this.#feed?.stop();
    this.#wake.resolve();
  }

  /** Ends the reading without being asked to, once what is being handed over is done. */
  async #end(reason: Error): Promise<void> {
    if (this.#isOver) return;
    this.#close();
    await this.#handing;
    this.#reader.ended(reason);
  }

  #open(): Feed {
    const feed = new Feed(this.#connection, this.#place, {
      delivered: (message, sequence) => this.#gather(message, sequence),
      idle: () => this.#pull(),
      broken: (reason) => void this.#restore(reason),
    });
    feed.pull();
    return feed;
  }

  #pull(): void {
    if (this.#gathered.length < gatheredEntries && this.#gatheredBytes < gatheredBytes) this.#feed?.pull();
  }

  #gather(message: Msg, sequence: number): void {
    if (sequence <= this.#arrived) return;
    this.#arrived = sequence;
    this.#unacknowledged.push({ sequence, reply: message.reply ?? "" });
    const size = message.data.length + headerBytes;
    this.#gathered.push({ sequence, size, entry: this.#decode(message, sequence) });
    this.#gatheredBytes += size;
    this.#handing ??= this.#handOver();
  }

  #decode(message: Msg, sequence: number): ReceivedEntry | undefined {
    try {
      return decodeEntry(message, sequence);
    } catch (error) {
      const { stream } = this.#place;
      this.#connection.log.warn(
        { stream, sequence, subject: message.subject, reason: reasonOf(error) },
        "A message in a log is no entry; it is passed over.",
      );
      return undefined;
    }
  }

  /** Hands over what has gathered until there is nothing, beginning when all that came at this moment has gathered. */
  async #handOver(): Promise<void> {
    try {
      await undefined;
      while (this.#gathered.length > 0 && !this.#isOver) await this.#handBatch();
    } catch (error) {
      this.#handing = undefined;
      void this.#end(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#handing = undefined;
    }
  }

  async #handBatch(): Promise<void> {
    const batch = this.#gathered.splice(0, batchSize);
    for (const { size } of batch) this.#gatheredBytes -= size;
    this.#pull();
    const entries = batch.flatMap(({ entry }) => entry ?? []);
    const highest = batch.at(-1)?.sequence ?? this.#handed;
    const lastEntry = entries.at(-1)?.sequence;
    if (lastEntry === undefined) {
      this.#passOver(highest);
      return;
    }
    const done = await this.#reader.receive(entries);
    this.#handed = highest;
    this.#acknowledge(done >= lastEntry ? Math.max(done, highest) : done);
  }

  /** What is no entry is done with at once, when all before it is. */
  #passOver(highest: number): void {
    const [first] = this.#unacknowledged;
    if (first && first.sequence > this.#handed) this.#acknowledge(highest);
    this.#handed = highest;
  }

  /** One acknowledgement stands for all up to it. */
  #acknowledge(done: number): void {
    const above = this.#unacknowledged.findIndex(({ sequence }) => sequence > done);
    const count = above < 0 ? this.#unacknowledged.length : above;
    const reply = this.#unacknowledged[count - 1]?.reply;
    if (!reply) return;
    this.#unacknowledged.splice(0, count);
    if (this.#connection.isConnected) this.#connection.client.publish(reply, "+ACK");
  }

  async #restore(reason: string): Promise<void> {
    const { stream, consumer } = this.#place;
    this.#connection.log.info({ stream, consumer, reason }, "The reading of a log is being restored.");
    this.#hasRemoved = false;
    if (performance.now() - this.#restoredAt < retryMs) await this.#pause();
    while (!this.#isOver) {
      try {
        await this.#whenConnected();
        if (this.#isOver) return;
        await this.#placeAnew();
        return;
      } catch (error) {
        if (!isPassing(error) && this.#connection.isConnected) {
          return this.#end(error instanceof Error ? error : new Error(String(error)));
        }
        await this.#pause();
      }
    }
  }

  async #placeAnew(): Promise<void> {
    const ownership = await ownershipOf(this.#connection, this.#place);
    if (ownership === "other" || (ownership === "none" && !this.#hasRemoved)) {
      return this.#end(new TidingsError("broker-unavailable", takenOver(this.#place)));
    }
    this.#hasRemoved = true;
    const start = await placeConsumer(this.#connection, this.#place, {
      ...this.#start,
      after: this.#arrived,
    });
    if (this.#isOver) return;
    if (start.created !== this.#start.created || start.after < this.#arrived) {
      this.#arrived = start.after;
      this.#handed = start.after;
    }
    this.#start = start;
    this.#unacknowledged = [];
    this.#restoredAt = performance.now();
    this.#feed = this.#open();
  }

  async #whenConnected(): Promise<void> {
    while (!this.#connection.isConnected && !this.#isOver) await this.#pause();
  }

  /** A moment, or until the reading is over. */
  async #pause(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise<void>((done) => {
      timer = setTimeout(done, retryMs);
    });
    await Promise.race([passed, this.#wake.promise]);
    clearTimeout(timer);
  }
}

function takenOver({ stream, consumer }: ConsumerPlace): string {
  return `The consumer "${consumer}" of the stream "${stream}" belongs to another reader now, or is gone.`;
}
