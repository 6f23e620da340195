import type { Broker, LogEntry, LogReading, ReceivedEntry } from "@tidings/core";
import { addresseeOf } from "@tidings/core/internal";
import type { Pool } from "pg";
import type { SubscriptionKey } from "../cursors.ts";
import { isTransient } from "../errors.ts";
import type { Log } from "../subscription-settings.ts";
import { GapFiller } from "./gap-filler.ts";
import { createInboxParts } from "./inbox-parts.ts";
import type { Lease } from "./leases.ts";
import { type LogGap, LogOrder } from "./log-order.ts";
import { type Receipts, readReceipts, storeEntries } from "./store-entries.ts";

/** What a receiver needs of its surroundings. */
export interface ReceiverEnvironment {
  readonly key: SubscriptionKey;
  /** The types of the messages that concern the subscription. */
  readonly types: ReadonlySet<string>;
  readonly pool: Pool;
  readonly broker: Broker;
  readonly log: Log;
  /** Called after each storing with what concerns the subscription. */
  readonly received: (entries: readonly LogEntry[]) => void;
}

/** An entry; without a sequence, when it did not come through the broker's stream. */
type Entry = LogEntry & { readonly sequence?: number };

/**
 * Copies the log of another service into a subscription's inbox, in one process at a time: the one that holds the lease.
 *
 * idle → (the lease is taken) reading → (the lease is lost, the reading ends, storing fails) idle. Each reading begins with
 * what the database says has been received, so it does not matter where an earlier one ended, here or elsewhere. What
 * arrives is put in order (see log-order.ts) and stored by one statement, which checks the lease (see store-entries.ts);
 * only then is the broker told. If the process dies at any moment, the next reading gets again what was not stored, and
 * recognises by its position what was.
 */
export class Receiver {
  readonly name: string;
  readonly #env: ReceiverEnvironment;
  #session: Session | undefined;
  #beginning: Promise<void> | undefined;

  constructor(env: ReceiverEnvironment) {
    this.#env = env;
    this.name = `${env.key.subscription} ${env.key.source.service}`;
  }

  /** Reads from now on, as long as the lease is held. Called again and again: it begins anew where a reading has ended. */
  async hold(lease: Lease): Promise<void> {
    if (this.#beginning !== undefined) return;
    if (this.#session?.isOpen && this.#session.lease.token === lease.token) {
      this.#session.fillGaps();
      return;
    }
    this.#beginning = this.#begin(lease).finally(() => {
      this.#beginning = undefined;
    });
    await this.#beginning;
  }

  async #begin(lease: Lease): Promise<void> {
    await this.#end();
    this.#session = await Session.begin(this.#env, lease);
  }

  /** Reads no more: the lease is, or is about to be, another's. */
  async release(): Promise<void> {
    await this.#beginning?.catch(() => {});
    await this.#end();
  }

  async #end(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.end();
  }
}

/** One reading, from its beginning under a lease to its end. */
class Session {
  readonly lease: Lease;
  readonly #env: ReceiverEnvironment;
  readonly #order: LogOrder<Entry>;
  readonly #gaps: GapFiller;
  #receipts: Receipts;
  /** The highest sequence that has arrived. */
  #arrived: number;
  #reading: LogReading | undefined;
  #storing: Promise<unknown> = Promise.resolve();
  #isFilling = false;
  isOpen = true;

  static async begin(env: ReceiverEnvironment, lease: Lease): Promise<Session> {
    const { key, broker } = env;
    const session = new Session(env, lease, await readReceipts(env.pool, key));
    session.#reading = await broker.read({
      subscription: key.subscription,
      source: key.source.service,
      after: session.#receipts.sequence,
      receive: (entries) => session.#receive(entries),
      ended: (reason) => session.#fail(reason),
    });
    return session;
  }

  private constructor(env: ReceiverEnvironment, lease: Lease, receipts: Receipts) {
    this.#env = env;
    this.lease = lease;
    this.#receipts = receipts;
    this.#arrived = receipts.sequence;
    this.#order = new LogOrder(receipts.marks);
    this.#gaps = new GapFiller(env);
  }

  async end(): Promise<void> {
    this.isOpen = false;
    await this.#reading?.stop();
    await this.#storing.catch(() => {});
  }

  /** Begins to get from the source itself what has been missing for a while. */
  fillGaps(): void {
    if (this.#isFilling) return;
    this.#isFilling = true;
    this.#lookForGaps()
      .catch((error: Error) => this.#fail(error))
      .finally(() => {
        this.#isFilling = false;
      });
  }

  async #lookForGaps(): Promise<void> {
    const between = this.#gaps.overdue(this.#order.gaps());
    const atTheEnd = await this.#gaps.atTheEnd(this.#arrived, (partition) => this.#order.markOf(partition));
    await Promise.all([...between, ...atTheEnd].map((gap) => this.#fillGap(gap)));
  }

  async #fillGap({ partition, upTo }: LogGap): Promise<void> {
    let after = -1;
    while (this.isOpen && this.#order.markOf(partition) > after && this.#order.markOf(partition) < upTo) {
      after = this.#order.markOf(partition);
      const filling = await this.#gaps.fill({ partition, after, upTo });
      if (!filling) return;
      await this.#inTurn(async () => {
        const passed = filling.pass === undefined ? [] : this.#order.pass(partition, filling.pass);
        await this.#store([...passed, ...filling.entries.flatMap((entry) => this.#order.take(entry))]);
      });
    }
  }

  async #receive(entries: readonly ReceivedEntry[]): Promise<number> {
    await this.#inTurn(async () => {
      const ready = entries.flatMap((entry) => this.#order.take(entry));
      this.#arrived = entries.at(-1)?.sequence ?? this.#arrived;
      await this.#store(ready);
    });
    return this.#receipts.sequence;
  }

  /** Storing happens one at a time: each must know the one before it. */
  #inTurn(store: () => Promise<void>): Promise<void> {
    const turn = this.#storing.then(() => {
      if (!this.isOpen) throw new Error("The reading has ended.");
      return store();
    });
    this.#storing = turn.catch((error: Error) => this.#fail(error));
    return turn;
  }

  async #store(ready: readonly Entry[]): Promise<void> {
    const sequence = this.#safeSequence();
    if (ready.length === 0 && sequence === this.#receipts.sequence) return;
    const { count } = this.#receipts;
    const marks = new Map(ready.map(({ partition, position }) => [partition, position]));
    const entries = ready.filter((entry) => this.#concerns(entry));
    const statement = storeEntries(this.#env.key, this.lease, { entries, marks, sequence, count });
    if (!(await this.#write(statement)))
      throw new Error("Another process receives, or the server has started again.");
    this.#receipts = { marks: this.#receipts.marks, sequence, count: count + 1 };
    if (entries.length > 0) this.#env.received(entries);
  }

  #concerns({ message }: Entry): boolean {
    const addressee = addresseeOf(message);
    const isForUs = addressee === undefined || addressee === this.#env.key.store.service;
    return isForUs && this.#env.types.has(message.type);
  }

  async #write(statement: ReturnType<typeof storeEntries>): Promise<boolean> {
    const { pool, key } = this.#env;
    const attempt = async () => ((await pool.query(statement)).rowCount ?? 0) > 0;
    try {
      return await attempt();
    } catch (error) {
      if ((error as { code?: string }).code !== noPartFound) throw error;
      await createInboxParts(pool, key.store);
      return attempt();
    }
  }

  /** Everything up to here is stored or does not concern us; what is held has yet to be. */
  #safeSequence(): number {
    let safe = this.#arrived;
    for (const { sequence } of this.#order.waiting())
      if (sequence !== undefined && sequence <= safe) safe = sequence - 1;
    return Math.max(safe, this.#receipts.sequence);
  }

  #fail(reason: Error): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { key, log } = this.#env;
    const fields = { subscription: key.subscription, source: key.source.service, err: reason };
    if (isTransient(reason)) log.info(fields, "receiving was interrupted; beginning again");
    else log.warn(fields, "receiving was interrupted; beginning again");
  }
}

/** `check_violation`: there is no part for this hour. */
const noPartFound = "23514";
