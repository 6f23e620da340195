import type { CommandContract, DataOf, ResultOf } from "../contract.ts";

/** Why a command was not carried out: the rule and the sentence of its owner's refusal. */
export interface SagaRefusal {
  readonly rule: string;
  readonly detail: string;
}

/** A command that a saga sends, with its data as the state says it. */
export interface SagaCommand<State = unknown> {
  readonly contract: CommandContract;
  /** @param reason why the saga undoes: the rule of the refusal, or `timed-out`; empty while it does not */
  dataOf(state: State, reason: string): unknown;
}

/** How long a command may remain unanswered, and how often it is sent before that counts as a failure. */
export interface SagaPatience {
  /** 30,000 by default. */
  readonly deadlineMs?: number;
  /** 3 by default. */
  readonly attempts?: number;
}

/** One step of a saga, as it was declared; see {@link StepBuilder}. */
export interface SagaStep<State = unknown> {
  readonly name: string;
  readonly command: SagaCommand<State>;
  readonly compensation: SagaCommand<State> | undefined;
  readonly revocation: SagaCommand<State> | undefined;
  readonly isPivot: boolean;
  readonly patience: SagaPatience;
  isWanted(state: State): boolean;
  accepts(refusal: SagaRefusal, state: State): boolean;
  evolve(state: State, result: unknown): State;
}

/** Steps whose commands are sent together; the saga goes on when all of them are answered. */
export interface ParallelSteps<State = unknown> {
  readonly parallel: readonly SagaStep<State>[];
}

export type SagaPart<State = unknown> = SagaStep<State> | ParallelSteps<State>;

/** What `steps` and `whenCompensated` of a saga are written with. */
export interface SagaSteps<State> {
  step(name: string): UninvokedStep<State>;
  /** Any number of steps at once. None of them may be the pivot. When one fails, all are answered before anything is undone. */
  parallel(...steps: readonly SagaStep<State>[]): ParallelSteps<State>;
}

/** The data of a command, from the state, and from the reason why the saga undoes (empty while it does not). */
export type SagaData<State, Data> = (state: State, reason: string) => Data;

export interface UninvokedStep<State> {
  /** The command of the step. `data` is called each time that it is sent, with the state of that moment. */
  invoke<C extends CommandContract, const Data extends DataOf<C>>(
    command: C,
    data: SagaData<State, Data>,
  ): StepBuilder<State, ResultOf<C>>;
}

/** A step under construction. Every method returns a new step with one thing more said. */
export interface StepBuilder<State, Result = unknown> extends SagaStep<State> {
  /** Keeps what the reply says in the state. */
  onReply(evolve: (state: State, result: Result) => State): StepBuilder<State, Result>;
  /**
   * What undoes the step. It is sent when the step was carried out, and when nobody knows whether it was (no answer in
   * time): it must succeed when there is nothing to undo, and is repeated until it does or the saga is stuck.
   */
  compensate<C extends CommandContract, const Data extends DataOf<C>>(
    command: C,
    data: SagaData<State, Data>,
  ): StepBuilder<State, Result>;
  /** The step is skipped unless this holds when its turn comes. */
  when(isWanted: (state: State) => boolean): StepBuilder<State, Result>;
  /** Refusals that count as done: by these rules, or as the function says. */
  accept(
    refusals: readonly string[] | ((refusal: SagaRefusal, state: State) => boolean),
  ): StepBuilder<State, Result>;
  /** Instead of the saga's own. */
  within(patience: SagaPatience): StepBuilder<State, Result>;
  readonly patience: SagaPatience;
  /**
   * The point of no return: nothing is undone once it is done, and the steps after it are repeated until they are.
   * Until its outcome is known nothing is undone either.
   */
  pivot(): StepBuilder<State, Result>;
  /**
   * How a pivot that nobody answers in time is called back: a command to the same owner with the same key, so that it
   * is handled after the pivot's, whose own reply then comes first. Done: the pivot was not carried out and will not
   * be, the saga undoes. Without it a pivot is waited for, and shown as stuck.
   */
  revoke<C extends CommandContract, const Data extends DataOf<C>>(
    command: C,
    data: SagaData<State, Data>,
  ): StepBuilder<State, Result>;
}

/** The functions that a saga's steps are written with. */
export function sagaSteps<State>(): SagaSteps<State> {
  return {
    step: (name) => ({
      invoke: (contract, data) =>
        builder({ ...bare, name, command: command(contract, data) } as Parts<State>),
    }),
    parallel: (...steps) => ({ parallel: steps }),
  };
}

type Parts<State> = SagaStep<State>;

const bare = {
  compensation: undefined,
  revocation: undefined,
  isPivot: false,
  patience: {},
  isWanted: () => true,
  accepts: () => false,
  evolve: (state: unknown) => state,
};

function builder<State, Result>(parts: Parts<State>): StepBuilder<State, Result> {
  const next = (more: Partial<Parts<State>>) => builder<State, Result>({ ...parts, ...more });
  return {
    ...parts,
    onReply: (evolve) => next({ evolve: evolve as Parts<State>["evolve"] }),
    compensate: (contract, data) => next({ compensation: command(contract, data) }),
    when: (isWanted) => next({ isWanted }),
    accept: (refusals) =>
      next({ accepts: typeof refusals === "function" ? refusals : ({ rule }) => refusals.includes(rule) }),
    within: (patience) => next({ patience: { ...parts.patience, ...patience } }),
    pivot: () => next({ isPivot: true }),
    revoke: (contract, data) => next({ revocation: command(contract, data) }),
  } as StepBuilder<State, Result>;
}

function command<State>(contract: CommandContract, dataOf: SagaData<State, unknown>): SagaCommand<State> {
  return { contract, dataOf };
}
