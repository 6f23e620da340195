import type { CommandContract, EventContract } from "../contract.ts";
import type { Message, MessageOf } from "../message.ts";
import type { OperationProgressed } from "./operation-progress.ts";
import { type SagaPart, type SagaPatience, type SagaStep, type SagaSteps, sagaSteps } from "./saga-step.ts";

/** Stops running instances from outside; see {@link abortOn}. */
export interface SagaAbort<State = unknown> {
  readonly contract: EventContract;
  concerns(event: Message): boolean;
  idOf(event: Message): string;
  evolve(state: State, event: Message): State;
  readonly reason: string;
}

/** A workflow over several services, ready to be run; see {@link defineSaga}. */
export interface Saga<State = unknown> {
  readonly name: string;
  readonly version: number;
  readonly startedBy: EventContract;
  starts(event: Message): boolean;
  idOf(event: Message): string;
  start(event: Message): State;
  readonly parts: readonly (readonly SagaStep<State>[])[];
  readonly endings: readonly SagaStep<State>[];
  readonly aborts: readonly SagaAbort<State>[];
  readonly patience: Required<SagaPatience>;
  readonly progress: OperationProgressed | undefined;
  readonly outcome: SagaOutcome<State>;
  /** This definition and those that it has replaced. */
  readonly versions: ReadonlyMap<number, Saga>;
}

/** How the operation of an instance ends. */
export interface SagaOutcome<State> {
  /** The operation's response. */
  completed?(state: State): object;
  /** The operation's error, a problem object. `reason` is the rule of the refusal, or `timed-out`. */
  compensated?(state: State, reason: string): object;
}

export interface SagaOptions<Start extends EventContract, State> extends SagaPatience {
  /**
   * 1 by default. Raise it with every change of the steps: an instance goes on by the definition that it began with,
   * which stays in `earlier` as long as there are such instances.
   */
  readonly version?: number;
  readonly earlier?: readonly Saga[];
  /** The event that starts an instance. */
  readonly startedBy: Start;
  /** Only such events start one. */
  readonly when?: (event: MessageOf<Start>) => boolean;
  /** The instance's id, the event's key by default: an event whose instance exists starts nothing. */
  readonly id?: (event: MessageOf<Start>) => string;
  /** The state that an instance begins with: plain JSON, like all that its steps make of it. */
  readonly start: (event: MessageOf<Start>) => State;
  /** One after the other. A failure up to the pivot undoes what was done, in reverse. */
  readonly steps: (build: SagaSteps<State>) => readonly SagaPart<State>[];
  /** Sent one after the other when everything is undone, each until it is done. */
  readonly whenCompensated?: (build: Pick<SagaSteps<State>, "step">) => readonly SagaStep<State>[];
  readonly abortedBy?: readonly SagaAbort<NoInfer<State>>[];
  /** Where the steps report to; the service that keeps the operation follows it. See {@link defineProgress}. */
  readonly progress?: OperationProgressed;
  readonly outcome?: SagaOutcome<NoInfer<State>>;
}

const defaults: Required<SagaPatience> = { deadlineMs: 30_000, attempts: 3 };

/**
 * Declares a saga: a static list of steps, each a command to a service, with what undoes it.
 *
 * Every instance ends as completed or as compensated, whatever crashes; where that needs a person it is shown as stuck,
 * with the reason, and can be resumed. An instance's state and the commands of its next step are written in one
 * transaction. A reply counts only for a command of a step that waits for it. A command may be handled more than once
 * (it is sent again when nobody answers in time), so its owner makes repeats harmless.
 *
 * @throws Error when its name has a slash, a step's name occurs twice, or there is more than one pivot
 */
export function defineSaga<Start extends EventContract, State>(
  name: string,
  options: SagaOptions<Start, State>,
): Saga<State> {
  const build = sagaSteps<State>();
  const { startedBy, version = 1, earlier = [], deadlineMs, attempts } = options;
  const parts = options.steps(build).map((part) => ("parallel" in part ? part.parallel : [part]));
  const endings = options.whenCompensated?.(build) ?? [];
  const when = options.when as Saga["starts"] | undefined;
  const id = options.id as Saga["idOf"] | undefined;
  const saga = {
    name,
    version,
    startedBy,
    starts: when ?? (() => true),
    idOf: id ?? (({ key }: Message) => key),
    start: options.start as (event: Message) => State,
    parts,
    endings,
    aborts: options.abortedBy ?? [],
    patience: { deadlineMs: deadlineMs ?? defaults.deadlineMs, attempts: attempts ?? defaults.attempts },
    progress: options.progress,
    outcome: options.outcome ?? {},
    versions: new Map<number, Saga>(),
  };
  assertSound(saga as unknown as Saga, earlier);
  for (const one of [...earlier, saga as unknown as Saga]) saga.versions.set(one.version, one);
  return saga;
}

/**
 * Stops an instance from outside: it finishes the step that it is at, then undoes. Nothing happens once its pivot is
 * done. `evolve` notes in the state what the event says.
 */
export function abortOn<Event extends EventContract, State = never>(
  contract: Event,
  options: {
    readonly reason: string;
    readonly when?: (event: MessageOf<Event>) => boolean;
    /** The instance's id: the event's key by default. */
    readonly id?: (event: MessageOf<Event>) => string;
    readonly evolve?: (state: State, event: MessageOf<Event>) => State;
  },
): SagaAbort<State> {
  const { reason, when = () => true, id = ({ key }) => key, evolve = (state) => state } = options;
  return {
    contract,
    reason,
    concerns: when as SagaAbort["concerns"],
    idOf: id as SagaAbort["idOf"],
    evolve: evolve as SagaAbort<State>["evolve"],
  };
}

function assertSound({ name, version, parts, endings }: Saga, earlier: readonly Saga[]): void {
  if (name.includes("/")) throw new Error(`"${name}" is not a saga's name: it has a slash.`);
  const names = [...parts.flat(), ...endings].map((step) => step.name);
  const twice = names.find((one, index) => names.indexOf(one) < index);
  if (twice) throw new Error(`The saga ${name} has two steps "${twice}".`);
  const pivots = parts.filter((part) => part.some(({ isPivot }) => isPivot));
  if (pivots.length > 1) throw new Error(`The saga ${name} has more than one pivot.`);
  if (pivots.some((part) => part.length > 1))
    throw new Error(`The pivot of the saga ${name} is in a parallel group.`);
  if (earlier.some((one) => one.name !== name || one.version === version))
    throw new Error(`What is in \`earlier\` of the saga ${name} is not an earlier version of it.`);
}

/** All commands that a saga, or an earlier version of it, may send. */
export function commandsOf(saga: Saga): CommandContract[] {
  const steps = [...saga.versions.values()].flatMap(({ parts, endings }) => [...parts.flat(), ...endings]);
  const commands = steps.flatMap(({ command, compensation, revocation }) => [
    command,
    compensation,
    revocation,
  ]);
  return [...new Map(commands.flatMap((one) => (one ? [[one.contract.type, one.contract]] : []))).values()];
}
