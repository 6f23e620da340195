import { type CommandContract, defineCommand, defineEvent, type ReplyOutcome } from "../contract.ts";
import type { Message } from "../message.ts";
import { schema } from "../schemas.fixture.ts";
import { advanceSaga, type SagaInput, startSaga } from "./advance-saga.ts";
import type { Saga } from "./define-saga.ts";
import type { SagaMove, SentCommand } from "./saga-draft.ts";
import type { SagaInstance, SagaStepRecord } from "./saga-instance.ts";

interface TripData {
  readonly id: string;
  readonly hotel?: boolean;
}

const tripSchema = schema((value) => ({ value: value as TripData }));

export interface TripReply {
  readonly code?: string;
}

const replySchema = schema((value) => ({ value: value as TripReply }));

export const TripRequested = defineEvent("trips.TripRequested", { key: "id", schema: tripSchema });
export const TripCancelled = defineEvent("trips.TripCancelled", { key: "id", schema: tripSchema });

/** A command whose data says which trip, and why it is undone. */
export function tripCommand(name: string) {
  const commandSchema = schema((value) => ({ value: value as TripData & { readonly reason?: string } }));
  return defineCommand(`desk.${name}`, { key: "id", schema: commandSchema, reply: replySchema });
}

export function tripEvent(data: Partial<TripData> = {}): Message {
  const id = "01981f4a-7c00-7000-8000-000000000001";
  return {
    ...{ id, kind: "event", type: "trips.TripRequested", version: 1, source: "trips", key: "t1" },
    ...{ time: "2030-01-01T00:00:00.000Z", data: { id: "t1", ...data } },
    ...{ correlationId: id, causationId: null, headers: {} },
  } as Message;
}

export const done: ReplyOutcome<TripReply> = { outcome: "done", result: {} };

export function refused(rule = "sold-out"): ReplyOutcome<never> {
  return { outcome: "refused", rule, detail: "No." };
}

/** One instance with what it has sent, moved by hand. Time stands still but for {@link SagaRun.pass}. */
export class SagaRun {
  instance: SagaInstance;
  readonly sent: SentCommand[] = [];
  now = new Date("2030-01-01T00:00:00Z");
  readonly #saga: Saga;
  readonly #answered = new Set<string>();
  #ids = 0;

  // biome-ignore lint/suspicious/noExplicitAny: the states of the sagas under test differ
  constructor(saga: Saga<any>, event: Message = tripEvent()) {
    this.#saga = saga;
    const { instance, commands } = startSaga(saga, event, this.#context);
    this.instance = instance;
    this.sent.push(...commands);
  }

  get #context() {
    return { now: this.now, newId: () => `command-${++this.#ids}` };
  }

  /** The names of the commands that it has sent, in order. */
  get names(): string[] {
    return this.sent.map(nameOf);
  }

  get reason(): string | undefined {
    return this.instance.reason;
  }

  step(name: string): SagaStepRecord {
    return this.instance.steps.find((one) => one.name === name) as SagaStepRecord;
  }

  /** The names and states of all steps. */
  get states(): Record<string, string> {
    return Object.fromEntries(this.instance.steps.map(({ name, state }) => [name, state]));
  }

  input(input: SagaInput): SagaMove {
    const move = advanceSaga(this.#saga, this.instance, input, this.#context);
    this.instance = move.instance;
    this.sent.push(...move.commands);
    return move;
  }

  /** Answers the first command of this name that is not answered yet. */
  answer(name: string, outcome: ReplyOutcome<unknown> = done): SagaMove {
    const command = this.sent.find((one) => nameOf(one) === name && !this.#answered.has(one.id));
    if (!command) throw new Error(`${name} was not sent.`);
    return this.reply(command, outcome);
  }

  reply({ id }: SentCommand, outcome: ReplyOutcome<unknown> = done): SagaMove {
    this.#answered.add(id);
    return this.input({ type: "reply", commandId: id, outcome });
  }

  /** Lets time go by, and deadlines pass. */
  pass(milliseconds: number): SagaMove {
    this.now = new Date(this.now.getTime() + milliseconds);
    return this.input({ type: "deadline" });
  }

  abort(reason = "cancelled", evolve: (state: unknown) => unknown = (state) => state): SagaMove {
    return this.input({ type: "abort", reason, evolve });
  }

  resume(): SagaMove {
    return this.input({ type: "resume" });
  }
}

export function nameOf({ contract }: { readonly contract: CommandContract }): string {
  return contract.type.slice("desk.".length);
}
