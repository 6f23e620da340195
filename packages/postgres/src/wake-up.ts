import pg from "pg";
import type { Log } from "./subscription-settings.ts";

/** What was recorded in a partition of a log. */
export interface WakeHint {
  readonly partition: number;
  /** Undefined when it is not known: it may be anything. */
  readonly type?: string | undefined;
  /** The only service that it is meant for, if there is one. */
  readonly to?: string | undefined;
}

export interface WakeListener {
  /** Whether it would handle such a message. */
  concerns(hint: WakeHint): boolean;
  /** Something that concerns it was recorded in these partitions. */
  wake(partitions: Iterable<number>): void;
}

/**
 * What processes tell each other: services were installed, which may have logs that others wait for; leases were given up,
 * which others may take. It is a single word: the hints of a log are two.
 */
export type News = "installed" | "released";

/**
 * Tells readers whom it concerns that something was recorded: those in this process at once, those in others by a coalesced
 * `NOTIFY`, one every 10 ms at most. The notification is a transaction of its own: inside the business transaction it would
 * take a lock at commit that all databases of the server share. It is a hint; a lost one costs until the next poll.
 */
export class WakeUp {
  readonly #url: string;
  readonly #log: Log;
  readonly #listeners = new Map<string, Set<WakeListener>>();
  readonly #pending = new Map<string, Map<string, WakeHint>>();
  readonly #self = Math.random().toString(36).slice(2);
  #client: pg.Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastSent = 0;
  #closed = false;

  readonly #onTold = new Map<News, Set<() => void>>();

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

  /** Tells the other processes some news. */
  tell(news: News): void {
    this.#notify(`${this.#self} ${news}`);
  }

  /** Calls back when another process tells some news. @returns a function that ends that */
  onTold(news: News, listener: () => void): () => void {
    const listeners = this.#onTold.get(news) ?? new Set();
    this.#onTold.set(news, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /** Call it after the commit. */
  recorded(source: string, hints: readonly WakeHint[]): void {
    this.#tell(source, hints);
    const pending = this.#pending.get(source) ?? new Map<string, WakeHint>();
    this.#pending.set(source, pending);
    for (const hint of hints) pending.set(textOf(hint), hint);
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

  #tell(source: string, hints: readonly WakeHint[]): void {
    for (const listener of this.#listeners.get(source) ?? []) {
      const concerning = hints.filter((hint) => listener.concerns(hint));
      if (concerning.length > 0) listener.wake(new Set(concerning.map(({ partition }) => partition)));
    }
  }

  #send(): void {
    this.#timer = undefined;
    this.#lastSent = performance.now();
    if (this.#pending.size === 0) return;
    const exact = this.#pendingAs(textOf);
    const payload =
      exact.length <= maxPayload ? exact : this.#pendingAs(({ partition }) => textOf({ partition }));
    this.#notify(payload.slice(0, maxPayload));
    this.#pending.clear();
  }

  #pendingAs(text: (hint: WakeHint) => string): string {
    const logs = [...this.#pending].map(([source, hints]) => {
      return `${source} ${[...new Set([...hints.values()].map(text))].join(",")}`;
    });
    return [this.#self, ...logs].join(" ");
  }

  #notify(payload: string): void {
    this.#client
      ?.query({ name: "notify", text: "select pg_notify($1, $2)", values: [channel, payload] })
      .catch(() => {});
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
    const [sender, ...logs] = payload.split(" ");
    if (sender === this.#self) return;
    if (logs.length === 1) for (const listener of this.#onTold.get(logs[0] as News) ?? []) listener();
    for (let next = 0; next + 1 < logs.length; next += 2) {
      this.#tell(logs[next] as string, (logs[next + 1] as string).split(",").flatMap(hintOf));
    }
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

/** `7:ordering.OrderPlaced:`, `7:depot.CreateShoppingList.Reply:checkout`, `7::` */
function textOf({ partition, type = "", to = "" }: WakeHint): string {
  return `${partition}:${type}:${to}`;
}

function hintOf(text: string): WakeHint[] {
  const [, partition, type, to] = /^(\d+):([^:]*):([^:]*)$/.exec(text) ?? [];
  if (partition === undefined) return [];
  return [{ partition: Number(partition), type: type || undefined, to: to || undefined }];
}

const channel = "tidings";
const coalesceMs = 10;
/**
 * PostgreSQL's limit is 8,000 bytes. When what was recorded does not fit, the partitions alone are named; when these do
 * not fit either, the next poll makes up for what was cut.
 */
const maxPayload = 7_900;
