import { jetstream, StorageType } from "@nats-io/jetstream";
import { type KV, Kvm, type KvWatchEntry } from "@nats-io/kv";
import type { QueuedIterator } from "@nats-io/transport-node";
import type { ServiceNotice } from "@tidings/core";
import type { Connection } from "./connection.ts";
import { isPassing, reasonOf } from "./failures.ts";
import type { Names } from "./names.ts";

type Listener = (notice: ServiceNotice) => void;

const retryMs = 500;
/** How often a watch makes sure that it has seen the last change: the client notices a lost one after a minute only. */
const checkMs = 3_000;

/** What services make known of themselves: one key per service in a bucket, with JSON as its value. */
export class Notices {
  readonly #connection: Connection;
  readonly #names: Names;
  readonly #watches = new Set<Watch>();
  #bucket: Promise<KV> | undefined;

  constructor(connection: Connection, names: Names) {
    this.#connection = connection;
    this.#names = names;
  }

  /** @throws TidingsError `broker-unavailable` */
  async announce(notice: ServiceNotice): Promise<void> {
    await this.#connection.insist(`The service ${notice.service} cannot be made known`, async () => {
      const bucket = await this.#open();
      try {
        await bucket.put(notice.service, JSON.stringify(notice));
      } catch (error) {
        this.#bucket = undefined;
        throw error;
      }
    });
  }

  /** Calls back with all that is known before it resolves. @throws TidingsError `broker-unavailable` */
  async watch(listener: Listener): Promise<void> {
    const watch = new Watch(this.#connection, () => this.#open(), listener);
    await this.#connection.insist("The known services cannot be read", () => watch.begin());
    this.#watches.add(watch);
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
  }

  #open(): Promise<KV> {
    const { client, settings } = this.#connection;
    const open = async () => {
      const manager = new Kvm(jetstream(client, { checkAPI: false, timeout: 3_000 }));
      const bucket = await manager.create(this.#names.bucket, {
        history: 1,
        replicas: settings.replicas,
        storage: StorageType.File,
      });
      const { name, num_replicas } = (await bucket.status()).streamInfo.config;
      if (num_replicas !== settings.replicas) {
        await this.#connection.manager.streams.update(name, { num_replicas: settings.replicas });
      }
      return bucket;
    };
    this.#bucket ??= open().catch((error) => {
      this.#bucket = undefined;
      throw error;
    });
    return this.#bucket;
  }
}

/**
 * Follows the bucket until it is stopped: begun anew after each return of the connection, when it breaks, and when it
 * has not seen the last change in time.
 */
class Watch {
  readonly #connection: Connection;
  readonly #open: () => Promise<KV>;
  readonly #listener: Listener;
  /** The last value of each service, so that nothing is told twice. */
  readonly #told = new Map<string, string>();
  readonly #onReturn = () => this.#entries?.stop();
  #entries: QueuedIterator<KvWatchEntry> | undefined;
  #seen = 0;
  #check: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(connection: Connection, open: () => Promise<KV>, listener: Listener) {
    this.#connection = connection;
    this.#open = open;
    this.#listener = listener;
  }

  async begin(): Promise<void> {
    const bucket = await this.#open();
    const known = await bucket.history();
    for await (const entry of known) this.#tell(entry);
    this.#entries = await bucket.watch();
    this.#check = setInterval(() => void this.#checkLast(), checkMs);
    this.#connection.onReturn.add(this.#onReturn);
    void this.#follow();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#check);
    this.#connection.onReturn.delete(this.#onReturn);
    this.#entries?.stop();
  }

  async #follow(): Promise<void> {
    while (!this.#isStopped && !this.#connection.client.isClosed()) {
      try {
        this.#entries ??= await (await this.#open()).watch();
        for await (const entry of this.#entries) this.#tell(entry);
      } catch (error) {
        this.#connection.log.warn({ reason: reasonOf(error) }, "The known services are being read anew.");
        await new Promise((done) => setTimeout(done, retryMs));
      }
      this.#entries = undefined;
    }
  }

  async #checkLast(): Promise<void> {
    if (!this.#connection.isConnected) return;
    try {
      const { streamInfo } = await (await this.#open()).status();
      if (streamInfo.state.last_seq > this.#seen) this.#entries?.stop();
    } catch (error) {
      if (!isPassing(error))
        this.#connection.log.warn({ reason: reasonOf(error) }, "The known services cannot be checked.");
    }
  }

  #tell(entry: KvWatchEntry): void {
    this.#seen = Math.max(this.#seen, entry.revision);
    if (entry.operation !== "PUT") return;
    const text = entry.string();
    if (this.#told.get(entry.key) === text) return;
    this.#told.set(entry.key, text);
    const notice = noticeOf(text);
    if (notice) this.#listener(notice);
    else
      this.#connection.log.warn(
        { key: entry.key },
        "A notice of a service cannot be read; it is passed over.",
      );
  }
}

function noticeOf(text: string): ServiceNotice | undefined {
  try {
    const { service, partitions, sends } = JSON.parse(text);
    const isRight = typeof service === "string" && Number.isInteger(partitions) && Array.isArray(sends);
    return isRight ? { service, partitions, sends: sends.map(String) } : undefined;
  } catch {
    return undefined;
  }
}
