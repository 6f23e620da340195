import type { CommandContract } from "../contract.ts";
import type { Saga } from "./define-saga.ts";
import type { SagaInstance, SagaStatus, SagaStepRecord, SagaStepState } from "./saga-instance.ts";
import type { SagaCommand, SagaStep } from "./saga-step.ts";

/** Where a move takes the time and the ids of its commands from. */
export interface SagaContext {
  readonly now: Date;
  newId(): string;
}

/** A command that an instance sends. */
export interface SentCommand {
  readonly id: string;
  readonly contract: CommandContract;
  readonly data: unknown;
}

/** What becomes of an instance in one move. */
export interface SagaMove {
  readonly instance: SagaInstance;
  readonly commands: readonly SentCommand[];
}

const firstRetryMs = 1_000;

/** An instance in the middle of a move, and the commands that the move sends. */
export class SagaDraft {
  readonly saga: Saga;
  readonly context: SagaContext;
  readonly #commands: SentCommand[] = [];
  #instance: SagaInstance;

  constructor(saga: Saga, instance: SagaInstance, context: SagaContext) {
    this.saga = saga;
    this.context = context;
    this.#instance = instance;
  }

  get instance(): SagaInstance {
    return this.#instance;
  }

  get move(): SagaMove {
    return { instance: this.#instance, commands: this.#commands };
  }

  /** The records of the steps, without those of the endings. */
  get main(): readonly SagaStepRecord[] {
    return this.#instance.steps.slice(0, this.saga.parts.flat().length);
  }

  get isPivotDone(): boolean {
    const pivot = this.saga.parts.flat().find(({ isPivot }) => isPivot);
    return pivot !== undefined && this.record(pivot.name).state === "done";
  }

  record(name: string): SagaStepRecord {
    return this.#instance.steps.find((one) => one.name === name) as SagaStepRecord;
  }

  stepOf({ name }: Pick<SagaStepRecord, "name">): SagaStep {
    return [...this.saga.parts.flat(), ...this.saga.endings].find((step) => step.name === name) as SagaStep;
  }

  become(status: SagaStatus): void {
    this.#instance = { ...this.#instance, status };
  }

  evolve(change: (state: unknown) => unknown): void {
    this.#instance = { ...this.#instance, state: change(this.#instance.state) };
  }

  abort(reason: string): void {
    this.#instance = { ...this.#instance, aborted: true, reason: this.#instance.reason ?? reason };
  }

  /** Sends the command of the record's state, once more, and waits for its reply. */
  send(record: SagaStepRecord): void {
    const step = this.stepOf(record);
    const { contract, dataOf } = commandOf(step, record.state);
    const id = this.context.newId();
    this.#commands.push({ id, contract, data: dataOf(this.#instance.state, this.#instance.reason ?? "") });
    const { reason: _, stuckSince: __, ...rest } = record;
    this.put({
      ...rest,
      at: record.attempts === 0 ? this.context.now.toISOString() : record.at,
      sent: [...record.sent, id],
      attempts: record.attempts + 1,
      deadline: this.#after(this.patienceOf(step).deadlineMs),
    });
  }

  /** After a refusal that is not the end: the command is sent again after a growing delay, a few times. */
  repeat(record: SagaStepRecord, reason: string): void {
    const { attempts, deadlineMs } = this.patienceOf(this.stepOf(record));
    const delayMs = Math.min(firstRetryMs * 2 ** (record.attempts - 1), deadlineMs);
    if (record.attempts < attempts) this.put({ ...record, reason, deadline: this.#after(delayMs) });
    else this.stick(record, reason);
  }

  /** Gives up sending. A late reply still counts. */
  stick(record: SagaStepRecord, reason: string): void {
    this.put({ ...record, reason, deadline: null, stuckSince: this.context.now.toISOString() });
  }

  /** The step waits for nothing any more. */
  settle(record: SagaStepRecord, state: SagaStepState): void {
    const { stuckSince: _, invoked: __, ...rest } = record;
    this.put({ ...rest, state, at: this.context.now.toISOString(), deadline: null, sent: [] });
  }

  /** The step has failed, and with it the instance, for the reason of the first failure. */
  fail(record: SagaStepRecord, state: "refused" | "timed-out", reason: string): void {
    this.settle({ ...record, reason }, state);
    this.#instance = { ...this.#instance, reason: this.#instance.reason ?? reason };
  }

  put(record: SagaStepRecord): void {
    const steps = this.#instance.steps.map((one) => (one.name === record.name ? record : one));
    this.#instance = { ...this.#instance, steps };
  }

  patienceOf({ patience }: SagaStep) {
    return { ...this.saga.patience, ...patience };
  }

  #after(milliseconds: number): string {
    return new Date(this.context.now.getTime() + milliseconds).toISOString();
  }
}

function commandOf(step: SagaStep, state: SagaStepState): SagaCommand {
  if (state === "undoing") return step.compensation as SagaCommand;
  return state === "revoking" ? (step.revocation as SagaCommand) : step.command;
}
