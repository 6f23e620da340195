import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection, Status } from "@nats-io/transport-node";
import type { BrokerLog } from "@tidings/core";
import { dial, neededPayload } from "./dial.ts";
import { isPassing, unavailable } from "./failures.ts";
import type { NatsSettings } from "./options.ts";

/** A request to JetStream that is not answered by then is repeated, since the leader that had it may be gone. */
const requestMs = 3_000;
/** The same for what is answered within milliseconds, if at all: whoever reads a log is waiting. */
const briefRequestMs = 500;
/** For so long a request is repeated: a cluster needs seconds to choose leaders. */
const patienceMs = 15_000;

/**
 * One connection to NATS that comes back by itself, for ever. A server that is silent for 4.5 s is left for another.
 *
 * States: connected ⇄ lost, until closed; `onLost` and `onReturn` are told of each move.
 */
export class Connection {
  readonly client: NatsConnection;
  readonly settings: NatsSettings;
  readonly log: BrokerLog;
  readonly name: string;
  readonly onLost = new Set<() => void>();
  readonly onReturn = new Set<() => void>();
  readonly manager: JetStreamManager;
  readonly briefManager: JetStreamManager;
  #isLost = false;
  #closing: Promise<void> | undefined;

  static async open(settings: NatsSettings, client: { name: string; log: BrokerLog }): Promise<Connection> {
    const connection = await dial(settings, client.name);
    try {
      const [manager, briefManager] = await Promise.all([
        jetstreamManager(connection, { checkAPI: false, timeout: requestMs }),
        jetstreamManager(connection, { checkAPI: false, timeout: briefRequestMs }),
      ]);
      return new Connection(connection, { manager, briefManager, settings, ...client });
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  private constructor(
    client: NatsConnection,
    { manager, briefManager, settings, name, log }: ConnectionParts,
  ) {
    this.client = client;
    this.manager = manager;
    this.briefManager = briefManager;
    this.settings = settings;
    this.name = name;
    this.log = log;
    void this.#follow(client.status());
    void client.closed().then((cause) => this.#ended(cause));
  }

  get isConnected(): boolean {
    return !this.#isLost && !this.client.isClosed();
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Of the server it is connected to, or was last. */
  get maxPayload(): number {
    return this.client.info?.max_payload ?? neededPayload;
  }

  /**
   * Does something at JetStream, and again while leaders or servers are missing, for up to 15 s.
   * @param what a sentence's subject and verb for the error, such as "The log of ordering cannot be opened"
   * @throws TidingsError what `action` throws as such, else `broker-unavailable`
   */
  async insist<Result>(what: string, action: () => Promise<Result>): Promise<Result> {
    const deadline = performance.now() + patienceMs;
    for (let delay = 50; ; delay = Math.min(delay * 2, 1_000)) {
      try {
        return await action();
      } catch (error) {
        if (!isPassing(error) || this.isClosing || performance.now() + delay > deadline)
          throw unavailable(what, error);
        await new Promise((done) => setTimeout(done, delay));
      }
    }
  }

  /** Sends what is under way, for two seconds at most, and closes. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.isConnected) {
      const drained = this.client.drain().catch(() => this.client.close());
      let timer: NodeJS.Timeout | undefined;
      const expired = new Promise((done) => {
        timer = setTimeout(done, 2_000);
      });
      await Promise.race([drained, expired]);
      clearTimeout(timer);
    }
    await this.client.close();
  }

  async #follow(events: AsyncIterable<Status>): Promise<void> {
    for await (const event of events) {
      if (event.type === "disconnect") this.#lost();
      if (event.type === "reconnect") this.#returned(event.server);
      if (event.type === "error") this.log.warn({ reason: event.error.message }, "NATS reports an error.");
    }
  }

  #lost(): void {
    if (this.#isLost || this.isClosing) return;
    this.#isLost = true;
    this.log.warn(
      { servers: this.settings.servers },
      "The connection to NATS is lost; it is being made again.",
    );
    for (const listener of [...this.onLost]) listener();
  }

  #returned(server: string): void {
    if (!this.#isLost) return;
    this.#isLost = false;
    this.log.info({ server }, "The connection to NATS is back.");
    for (const listener of [...this.onReturn]) listener();
  }

  #ended(cause: unknown): void {
    if (this.isClosing) return;
    this.log.error(
      { reason: cause instanceof Error ? cause.message : "closed" },
      "The NATS client has given up.",
    );
    this.#isLost = true;
    for (const listener of [...this.onLost]) listener();
  }
}

interface ConnectionParts {
  readonly manager: JetStreamManager;
  readonly briefManager: JetStreamManager;
  readonly settings: NatsSettings;
  readonly name: string;
  readonly log: BrokerLog;
}
