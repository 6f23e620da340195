import type {
  Cause,
  OperationProgress,
  Saga,
  SagaInstance,
  SagaStepRecord,
  StepProgress,
} from "@tidings/core";
import { hasEnded } from "@tidings/core/internal";
import type { ServiceTransaction } from "../service-transaction.ts";

/** Tells the operation of an instance, if it has one, how far it is; nothing when that has not changed. */
export function reportProgress(
  tx: ServiceTransaction,
  saga: Saga,
  move: { readonly before: SagaInstance | undefined; readonly after: SagaInstance; readonly cause: Cause },
): void {
  const { operationId, operationService: to } = move.cause.headers;
  if (!saga.progress || operationId === undefined) return;
  const steps = progressOf(saga, move.after);
  const isNew = !move.before || JSON.stringify(progressOf(saga, move.before)) !== JSON.stringify(steps);
  if (isNew || hasEnded(move.after))
    tx.recordFor(saga.progress, { operationId, steps, ...outcomeOf(saga, move.after) }, move.cause, to);
}

function progressOf(saga: Saga, { steps }: SagaInstance): StepProgress[] {
  const main = steps.slice(0, saga.parts.flat().length);
  return main.map(({ name, state }) => ({ name, state: states[state] }));
}

const states: Readonly<Record<SagaStepRecord["state"], StepProgress["state"]>> = {
  pending: "pending",
  running: "running",
  revoking: "running",
  done: "done",
  skipped: "done",
  undoing: "done",
  refused: "failed",
  "timed-out": "failed",
  undone: "compensated",
};

function outcomeOf(
  { name, outcome }: Saga,
  instance: SagaInstance,
): Pick<OperationProgress, "response" | "error"> {
  const { status, state, reason = "" } = instance;
  if (status === "completed") return { response: outcome.completed?.(state) ?? {} };
  if (status !== "compensated") return {};
  const problem = {
    type: "about:blank",
    title: `${name} was undone`,
    status: 409,
    detail: reason,
    rule: reason,
  };
  return { error: outcome.compensated?.(state, reason) ?? problem };
}
