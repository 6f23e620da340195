import type { Broker, ServiceNotice } from "@tidings/core";
import type {
  ConsistencyGate,
  EntriesQuestion,
  HeadsQuestion,
  ReachQuestion,
  Registry,
  ServiceRuntime,
} from "@tidings/postgres/internal";
import type { Service } from "./define-service.ts";
import { sendsOf } from "./service-plan.ts";

interface RemoteOptions {
  readonly gate: ConsistencyGate;
  /** Called when a service became known, or changed. */
  readonly changed: () => void;
}

/** What a process knows of services in other databases by way of a broker, and what it answers them. */
export class RemoteServices {
  readonly broker: Broker;
  readonly notices = new Map<string, ServiceNotice>();
  readonly #options: RemoteOptions;
  readonly #own: ServiceNotice[] = [];
  /** Whether the broker knows the services of this process, as far as we know. */
  #isKnown = false;

  constructor(broker: Broker, options: RemoteOptions) {
    this.broker = broker;
    this.#options = options;
  }

  /** Opens the logs of the services of this process, makes them known, and begins to answer for them. */
  async open(runtimes: Iterable<ServiceRuntime>, services: readonly Service[]): Promise<void> {
    this.broker.onReturn(() => {
      this.#isKnown = false;
    });
    await this.broker.watch((notice) => {
      this.notices.set(notice.service, notice);
      this.#options.changed();
    });
    for (const runtime of runtimes) {
      const { service, partitions } = runtime.store;
      const definition = services.find(({ name }) => name === service);
      const sends = definition ? sendsOf(definition).map(({ type }) => type) : [];
      this.#own.push({ service, partitions, sends });
      await this.broker.answer(service, (question) => this.#answer(runtime, question));
    }
    await this.#makeKnown();
  }

  /** Call it now and then: what a broker has lost that was away is made again. @throws what the broker throws */
  async upkeep(): Promise<void> {
    if (this.#isKnown) return;
    await this.#makeKnown();
  }

  async #makeKnown(): Promise<void> {
    this.#isKnown = true;
    try {
      await this.#tellAll();
    } catch (error) {
      this.#isKnown = false;
      throw error;
    }
  }

  async #tellAll(): Promise<void> {
    for (const notice of this.#own) {
      await this.broker.openLog(notice.service);
      await this.broker.announce(notice);
    }
  }

  /** The senders of each command: those of this database, and those that others have told of. */
  sendersWith(here: Registry["senders"]): Registry["senders"] {
    const senders = new Map([...here].map(([type, services]) => [type, new Set(services)]));
    for (const { service, sends } of this.notices.values()) {
      for (const type of sends) senders.set(type, (senders.get(type) ?? new Set()).add(service));
    }
    return new Map([...senders].map(([type, services]) => [type, [...services]]));
  }

  async #answer(runtime: ServiceRuntime, question: unknown): Promise<unknown> {
    const { about } = question as ReachQuestion | EntriesQuestion | HeadsQuestion;
    if (about === "reach") return this.#options.gate.answer(runtime.store.service, question as ReachQuestion);
    if (about === "heads") return runtime.answerHeads();
    if (about === "entries") return runtime.answerEntries(question as EntriesQuestion);
    throw new Error(`Nobody here can answer a question about ${String(about)}.`);
  }
}
