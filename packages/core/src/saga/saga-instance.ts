/** running → completed, or running → compensating → compensated. Whether it is stuck stands in its steps. */
export type SagaStatus = "running" | "compensating" | "completed" | "compensated";

/**
 * What a step is at:
 *
 *     pending ─▶ running ─▶ done ─────────▶ undoing ─▶ undone
 *        │          ├─▶ refused               ▲
 *        ▼          ├─▶ timed-out ────────────┘
 *     skipped       └─▶ revoking (a pivot that nobody answers) ─▶ done | timed-out
 */
export type SagaStepState =
  | "pending"
  | "skipped"
  | "running"
  | "revoking"
  | "done"
  | "refused"
  | "timed-out"
  | "undoing"
  | "undone";

/** One step of an instance. */
export interface SagaStepRecord {
  readonly name: string;
  readonly state: SagaStepState;
  /** When it came to that state. */
  readonly at: string | null;
  /** The commands that it has sent in this state: a reply to any of them counts, once. */
  readonly sent: readonly string[];
  /** While a pivot is revoked: the commands by which it was invoked. */
  readonly invoked?: readonly string[];
  /** How often the command was sent in this state. */
  readonly attempts: number;
  /** When it is sent again, or given up. Null when it waits for nothing, or is stuck. */
  readonly deadline: string | null;
  /** What the last refusal said, or `timed-out`. */
  readonly reason?: string;
  /** Since when it has been given up sending: it waits for a person, or a late reply. */
  readonly stuckSince?: string;
}

/** One run of a saga: plain JSON, one row of the service that runs it. */
export interface SagaInstance<State = unknown> {
  readonly id: string;
  /** The version of the definition that it began with, and by which it ends. */
  readonly definition: number;
  readonly status: SagaStatus;
  readonly state: State;
  /** Its steps and its endings, in the order of the definition. */
  readonly steps: readonly SagaStepRecord[];
  /** Why it undoes: the rule of the first refusal, `timed-out`, or why it was aborted. */
  readonly reason?: string;
  readonly aborted: boolean;
}

/** What an instance needs a person for: the step, and what its owner said last. */
export interface StuckStep {
  readonly step: string;
  readonly reason: string;
  readonly since: string;
}

/** Whether it is in one of its end states. */
export function hasEnded({ status }: Pick<SagaInstance, "status">): boolean {
  return status === "completed" || status === "compensated";
}

/** Whether a step has sent a command whose reply it waits for. */
export function isWaiting({ state }: Pick<SagaStepRecord, "state">): boolean {
  return state === "running" || state === "revoking" || state === "undoing";
}

/** When something is to happen without a reply, or null. */
export function nextDeadline({ steps }: Pick<SagaInstance, "steps">): string | null {
  const deadlines = steps.flatMap(({ deadline }) => deadline ?? []);
  return deadlines.length === 0 ? null : deadlines.reduce((first, one) => (one < first ? one : first));
}

/** The step that it is stuck at, if it is. */
export function stuckAt({ steps }: Pick<SagaInstance, "steps">): StuckStep | undefined {
  for (const { name, reason = "", stuckSince } of steps) {
    if (stuckSince !== undefined) return { step: name, reason, since: stuckSince };
  }
  return undefined;
}
