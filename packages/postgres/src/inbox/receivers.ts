import type { Pool } from "pg";
import { isTransient } from "../errors.ts";
import type { Store } from "../store.ts";
import type { Log } from "../subscription-settings.ts";
import { createInboxParts } from "./inbox-parts.ts";
import { Leases, leaseMs } from "./leases.ts";
import { Receiver, type ReceiverEnvironment } from "./receiver.ts";

export interface ReceiversOptions {
  readonly store: Store;
  readonly pool: Pool;
  readonly log: Log;
  /** Called when leases were given up, which other processes may take at once. */
  readonly released: () => void;
}

/**
 * The receivers of a service in this process. Of all processes that run the service one reads each log for each
 * subscription; the others ask for its lease again and again, and take it when it ends, or is given up.
 */
export class Receivers {
  readonly #options: ReceiversOptions;
  readonly #leases: Leases;
  readonly #receivers = new Map<string, Receiver>();
  #timer: NodeJS.Timeout | undefined;
  #tending: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: ReceiversOptions) {
    this.#options = options;
    this.#leases = new Leases(options.pool, options.store);
  }

  /** Receives for one more subscription and source, as soon as its lease can be had. */
  async add(env: ReceiverEnvironment): Promise<void> {
    if (this.#receivers.size === 0) await createInboxParts(this.#options.pool, this.#options.store);
    const receiver = new Receiver(env);
    this.#receivers.set(receiver.name, receiver);
    this.#timer ??= setInterval(() => void this.tend(), tendMs);
    void this.tend();
  }

  /** Renews the leases, takes those that are free, and lets readings begin and end accordingly. Never fails. */
  async tend(): Promise<void> {
    if (this.#isStopped || this.#receivers.size === 0) return;
    this.#tending ??= this.#tend().finally(() => {
      this.#tending = undefined;
    });
    await this.#tending;
  }

  async #tend(): Promise<void> {
    try {
      const held = await this.#leases.take([...this.#receivers.keys()]);
      if (this.#isStopped) return;
      for (const [name, receiver] of this.#receivers) {
        const lease = held.get(name);
        const move = lease ? receiver.hold(lease) : receiver.release();
        move.catch((error: unknown) => this.#warn(error));
      }
    } catch (error) {
      this.#warn(error);
    }
  }

  #warn(error: unknown): void {
    const text = isTransient(error)
      ? "cannot receive just now; trying again"
      : "receiving failed; trying again";
    this.#options.log.warn({ service: this.#options.store.service, err: error }, text);
  }

  /** Ends all readings and gives the leases up, so that another process takes over at once. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#tending;
    await Promise.all([...this.#receivers.values()].map((receiver) => receiver.release()));
    if (this.#receivers.size === 0) return;
    await this.#leases.release().catch(() => {});
    this.#options.released();
  }
}

/** Often enough for a lease to outlast a renewal that was held up. */
const tendMs = leaseMs / 5;
