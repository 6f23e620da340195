import {
  type CommandContract,
  type DataOf,
  type EventContract,
  type Message,
  type ResultOf,
  type Saga,
  type SagaInstance,
  uuidv7,
} from "@tidings/core";
import {
  abortInput,
  advanceSaga,
  type SagaInput,
  type SagaMove,
  type SentCommand,
  startSaga,
} from "@tidings/core/internal";

/**
 * One instance of a saga, driven by hand and without a database: what it sends, and how it goes on by each reply.
 * Time stands still except in {@link passDeadlines}.
 */
export class SagaRun {
  readonly #saga: Saga;
  readonly #sent: SentCommand[] = [];
  #instance: SagaInstance;
  #now = new Date("2026-01-01T00:00:00.000Z");

  constructor(saga: Saga, event: Message) {
    this.#saga = saga;
    const move = startSaga(saga, event, this.#context());
    this.#instance = this.#keep(move);
  }

  get status(): SagaInstance["status"] {
    return this.#instance.status;
  }

  get instance(): SagaInstance {
    return this.#instance;
  }

  /** The commands that it has sent so far: type without the service's name, and data. */
  get sent(): readonly (readonly [type: string, data: unknown])[] {
    return this.#sent.map(({ contract, data }) => [nameOf(contract), data]);
  }

  /** The names of the commands that it has sent so far. */
  get names(): readonly string[] {
    return this.sent.map(([name]) => name);
  }

  /** The last command of this kind was carried out. */
  reply<C extends CommandContract>(command: C, result: ResultOf<C>): this {
    return this.#answer(command, { outcome: "done", result });
  }

  /** The last command of this kind was refused. */
  refuse(command: CommandContract, rule: string): this {
    return this.#answer(command, { outcome: "refused", rule, detail: rule });
  }

  /** So many deadlines pass, one after the other, without a reply. */
  passDeadlines(count = 1): this {
    for (let passed = 0; passed < count; passed++) {
      this.#now = new Date(this.#now.getTime() + aDay);
      this.#apply({ type: "deadline" });
    }
    return this;
  }

  /** An event that concerns it arrives. */
  abort<C extends EventContract>(contract: C, data: DataOf<C>): this {
    const event = messageOf(contract, data);
    for (const abort of this.#saga.aborts) {
      if (
        abort.contract.type === contract.type &&
        abort.concerns(event) &&
        abort.idOf(event) === this.#instance.id
      )
        this.#apply(abortInput(abort, event));
    }
    return this;
  }

  resume(): this {
    return this.#apply({ type: "resume" });
  }

  #answer(command: CommandContract, outcome: Extract<SagaInput, { type: "reply" }>["outcome"]): this {
    const sent = this.#sent.findLast(({ contract }) => contract.type === command.type);
    if (!sent) throw new Error(`The saga has not sent ${command.type}, but ${this.names.join(", ")}.`);
    return this.#apply({ type: "reply", commandId: sent.id, outcome });
  }

  #apply(input: SagaInput): this {
    this.#instance = this.#keep(advanceSaga(this.#saga, this.#instance, input, this.#context()));
    return this;
  }

  #keep({ instance, commands }: SagaMove): SagaInstance {
    this.#sent.push(...commands);
    return JSON.parse(JSON.stringify(instance)) as SagaInstance;
  }

  #context() {
    return { now: this.#now, newId: () => uuidv7(this.#now.getTime()) };
  }
}

const aDay = 24 * 60 * 60 * 1_000;

/** Starts an instance by an event with this data. */
export function runSaga<C extends EventContract>(
  // biome-ignore lint/suspicious/noExplicitAny: of any state
  saga: Saga<any>,
  contract: C,
  data: DataOf<C>,
): SagaRun {
  return new SagaRun(saga, messageOf(contract, data));
}

function messageOf<C extends EventContract>(contract: C, data: DataOf<C>): Message {
  const id = uuidv7();
  return {
    id,
    kind: "event",
    type: contract.type,
    version: contract.version,
    source: contract.service,
    key: contract.keyOf(data),
    time: new Date().toISOString(),
    data,
    correlationId: id,
    causationId: null,
    headers: {},
  };
}

function nameOf({ type }: CommandContract): string {
  return type.slice(type.indexOf(".") + 1);
}
