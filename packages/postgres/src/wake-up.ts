import pg from "pg";
import type { Log } from "./subscription-settings.ts";

/** Told which partitions of a log something was recorded in. */
export type WakeListener = (partitions: Iterable<number>) => void;

/**
 * Tells readers that something was recorded: those in this process at once, those in others by a coalesced
 * `NOTIFY`, one for each log every 10 ms at most. The notification is a transaction of its own: inside the business transaction it would
 * take a lock at commit that all databases of the server share. It is a hint; a lost one costs until the next poll.
 */
export class WakeUp {
  readonly #url: string;
  readonly #log: Log;
  readonly #listeners = new Map<string, Set<WakeListener>>();
  readonly #pending = new Map<string, Set<number>>();
  readonly #self = Math.random().toString(36).slice(2);
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastSent = 0;
  #closed = false;

  constructor(url: string, log: Log) {
    this.#url = url;
    this.#log = log;
  }

  /** Connects; from then on a lost connection is made again by itself. @throws when the first attempt fails */
  async start(): Promise<void> {
    await this.#connect();
  }

  /** @returns a function that ends the listening */
  listen(source: string, listener: WakeListener): () => void {
    const listeners = this.#listeners.get(source) ?? new Set();
    this.#listeners.set(source, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Call it after the commit. */
  recorded(source: string, partitions: Iterable<number>): void {
    const changed = [...partitions];
    this.#tell(source, changed);
    const pending = this.#pending.get(source) ?? new Set();
    this.#pending.set(source, pending);
    for (const partition of changed) pending.add(partition);
    if (this.#timer) return;
    const wait = Math.max(0, this.#lastSent + coalesceMs - performance.now());
    this.#timer = setTimeout(() => this.#send(), wait);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#send();
    await this.#client?.end().catch(() => {});
  }

  #tell(source: string, partitions: Iterable<number>): void {
    for (const listener of this.#listeners.get(source) ?? []) listener(partitions);
  }

  #send(): void {
    this.#timer = undefined;
    this.#lastSent = performance.now();
    for (const [source, partitions] of this.#pending) {
      const payload = `${this.#self} ${source} ${[...partitions].join(",")}`.slice(0, maxPayload);
      this.#client
        ?.query({ name: "notify", text: "select pg_notify($1, $2)", values: [channel, payload] })
        .catch(() => {});
    }
    this.#pending.clear();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: "tidings wake-up",
      keepAlive: true,
      pipeline: true,
    } as pg.ClientConfig);
    client.on("error", () => {});
    client.on("end", () => this.#reconnect());
    client.on("notification", ({ payload = "" }) => this.#receive(payload));
    await client.connect();
    await client.query("set synchronous_commit = off");
    await client.query(`listen ${channel}`);
    if (this.#closed) await client.end();
    this.#client = client;
  }

  #receive(payload: string): void {
    const [sender, source, partitions] = payload.split(" ");
    if (sender === this.#self || !source || !partitions) return;
    this.#tell(source, partitions.split(",").map(Number).filter(Number.isInteger));
  }

  #reconnect(): void {
    if (this.#closed || !this.#client) return;
    this.#client = undefined;
    this.#log.warn({}, "lost the connection for wake-ups; polling until it is back");
    const attempt = () => {
      if (this.#closed) return;
      this.#connect().catch(() => setTimeout(attempt, 1_000));
    };
    attempt();
  }
}

const channel = "tidings";
const coalesceMs = 10;
/** PostgreSQL's limit is 8,000 bytes; a cut list is made up for by the next poll. */
const maxPayload = 7_900;
