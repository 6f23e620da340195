// What happens to an instance, without any effect: (definition, instance, input) → (instance, commands to send).
// The states of an instance and of its steps are in saga-instance.ts.
//
// The failure of a step (refused, or nobody answers) up to the pivot makes the instance undo: the steps that were
// done, and those of which nobody knows, one by one in reverse; then come the endings. What cannot fail any more (steps
// after the pivot, undoing, endings) is sent a few times and then stuck.

import type { ReplyOutcome } from "../contract.ts";
import type { Message } from "../message.ts";
import type { Saga, SagaAbort } from "./define-saga.ts";
import { type SagaContext, SagaDraft, type SagaMove } from "./saga-draft.ts";
import { hasEnded, isWaiting, type SagaInstance, type SagaStepRecord } from "./saga-instance.ts";
import type { SagaRefusal, SagaStep } from "./saga-step.ts";

/** What happens to an instance. */
export type SagaInput =
  | { readonly type: "reply"; readonly commandId: string; readonly outcome: ReplyOutcome<unknown> }
  | { readonly type: "deadline" }
  /** What was due could not be done: a fault of the definition. */
  | { readonly type: "fault"; readonly reason: string }
  | { readonly type: "abort"; readonly reason: string; evolve(state: unknown): unknown }
  | { readonly type: "resume" };

const timedOut = "timed-out";

/** The first move of a new instance. */
export function startSaga(saga: Saga, event: Message, context: SagaContext): SagaMove {
  const steps = [...saga.parts.flat(), ...saga.endings].map(
    ({ name }): SagaStepRecord => ({
      name,
      state: "pending",
      at: null,
      sent: [],
      attempts: 0,
      deadline: null,
    }),
  );
  const draft = new SagaDraft(
    saga,
    {
      id: saga.idOf(event),
      definition: saga.version,
      status: "running",
      state: saga.start(event),
      steps,
      aborted: false,
    },
    context,
  );
  proceed(draft);
  return draft.move;
}

/** The next move of an instance; the very same instance and no commands when the input does not concern it. */
export function advanceSaga(
  saga: Saga,
  instance: SagaInstance,
  input: SagaInput,
  context: SagaContext,
): SagaMove {
  const draft = new SagaDraft(saga, instance, context);
  if (!hasEnded(instance) && apply(draft, input)) proceed(draft);
  return draft.move;
}

/** The input by which an event aborts an instance. */
export function abortInput(abort: SagaAbort, event: Message): SagaInput {
  return { type: "abort", reason: abort.reason, evolve: (state) => abort.evolve(state, event) };
}

/** @returns whether the input concerns the instance */
function apply(draft: SagaDraft, input: SagaInput): boolean {
  switch (input.type) {
    case "reply":
      return applyReply(draft, input.commandId, input.outcome);
    case "deadline":
      return applyDeadlines(draft);
    case "fault":
      return applyFault(draft, input.reason);
    case "abort":
      return applyAbort(draft, input);
    case "resume":
      return applyResume(draft);
  }
}

/** A reply to a command that nobody waits for, a late one or a duplicate, does not concern it. */
function applyReply(draft: SagaDraft, commandId: string, outcome: ReplyOutcome<unknown>): boolean {
  const found = draft.instance.steps.find((one) => isWaiting(one) && awaits(one, commandId));
  if (!found) return false;
  const { sent, invoked } = found;
  const others = (ids: readonly string[]) => ids.filter((id) => id !== commandId);
  const record = { ...found, sent: others(sent), ...(invoked && { invoked: others(invoked) }) };
  const isInvocation = found.state === "running" || invoked?.includes(commandId) === true;
  if (outcome.outcome === "refused") applyRefusal(draft, record, isInvocation, outcome);
  else if (isInvocation) complete(draft, record, outcome.result);
  else if (record.state === "undoing") draft.settle(record, "undone");
  else draft.fail(record, "timed-out", timedOut);
  return true;
}

function awaits({ sent, invoked = [] }: SagaStepRecord, commandId: string): boolean {
  return sent.includes(commandId) || invoked.includes(commandId);
}

function complete(draft: SagaDraft, record: SagaStepRecord, result: unknown): void {
  draft.evolve((state) => draft.stepOf(record).evolve(state, result));
  draft.settle(record, "done");
}

/** A step has failed when all that it has sent is refused: what is not answered yet may still be carried out. */
function applyRefusal(
  draft: SagaDraft,
  record: SagaStepRecord,
  isInvocation: boolean,
  refusal: SagaRefusal,
): void {
  const step = draft.stepOf(record);
  const { state, aborted } = draft.instance;
  const isOpen = (record.invoked ?? record.sent).length > 0;
  if (isInvocation && step.accepts(refusal, state)) draft.settle(record, "done");
  else if (isInvocation && mayFail(draft, step) && isOpen) draft.put({ ...record, reason: refusal.rule });
  else if (isInvocation && mayFail(draft, step)) draft.fail(record, "refused", refusal.rule);
  else if (record.state === "revoking" && aborted) draft.fail(record, "timed-out", timedOut);
  else draft.repeat(record, refusal.rule);
}

/** Sends again what nobody has answered in time, a few times. */
function applyDeadlines(draft: SagaDraft): boolean {
  const due = overdue(draft);
  for (const record of due) {
    const { attempts } = draft.patienceOf(draft.stepOf(record));
    if (record.attempts < attempts) draft.send(record);
    else giveUp(draft, record);
  }
  return due.length > 0;
}

/** Whoever repeated it would meet the same fault, so it waits for a person. */
function applyFault(draft: SagaDraft, reason: string): boolean {
  const due = overdue(draft);
  for (const record of due) draft.stick(record, reason);
  return due.length > 0;
}

function overdue({ context, instance }: SagaDraft): SagaStepRecord[] {
  const now = context.now.toISOString();
  return instance.steps.filter(({ deadline }) => deadline !== null && deadline <= now);
}

/** An unanswered pivot is called back, since it may have been carried out; any other step that may fail has failed. */
function giveUp(draft: SagaDraft, record: SagaStepRecord): void {
  const step = draft.stepOf(record);
  const isRunning = record.state === "running";
  if (isRunning && step.isPivot && step.revocation && !draft.instance.aborted) {
    draft.send({ ...record, state: "revoking", invoked: record.sent, sent: [], attempts: 0 });
  } else if (isRunning && !step.isPivot && mayFail(draft, step))
    draft.fail(record, "timed-out", record.reason ?? timedOut);
  else draft.stick(record, record.reason ?? timedOut);
}

/** It is too late for that when the pivot is done. */
function applyAbort(draft: SagaDraft, { reason, evolve }: Extract<SagaInput, { type: "abort" }>): boolean {
  if (draft.isPivotDone) return false;
  draft.abort(reason);
  draft.evolve(evolve);
  return true;
}

/** Sends again what it is stuck at, as often as at first. */
function applyResume(draft: SagaDraft): boolean {
  const stuck = draft.instance.steps.filter(({ stuckSince }) => stuckSince !== undefined);
  for (const record of stuck) draft.send({ ...record, attempts: 0 });
  return stuck.length > 0;
}

/** Whether the failure of a step undoes the instance. */
function mayFail({ saga, isPivotDone }: SagaDraft, step: SagaStep): boolean {
  return saga.parts.flat().includes(step) && !isPivotDone;
}

/** Goes on as far as it can without a reply. */
function proceed(draft: SagaDraft): void {
  if (draft.instance.status === "running") goForward(draft);
  if (draft.instance.status === "compensating") goBack(draft);
}

function goForward(draft: SagaDraft): void {
  const { saga, instance, main } = draft;
  const hasFailed = main.some(({ state }) => state === "refused" || state === "timed-out");
  const mustUndo = hasFailed || (instance.aborted && !draft.isPivotDone);
  for (const part of mustUndo ? [] : saga.parts) {
    for (const step of part) begin(draft, step);
    if (part.some(({ name }) => isWaiting(draft.record(name)))) return;
  }
  if (main.some(isWaiting)) return;
  draft.become(mustUndo ? "compensating" : "completed");
}

function goBack(draft: SagaDraft): void {
  for (const record of [...draft.main].reverse()) {
    if (isWaiting(record)) return;
    const mayHaveHappened = record.state === "done" || record.state === "timed-out";
    if (mayHaveHappened && draft.stepOf(record).compensation) {
      draft.send({ ...record, state: "undoing", attempts: 0 });
      return;
    }
  }
  for (const step of draft.saga.endings) {
    begin(draft, step);
    if (isWaiting(draft.record(step.name))) return;
  }
  draft.become("compensated");
}

function begin(draft: SagaDraft, step: SagaStep): void {
  const record = draft.record(step.name);
  if (record.state !== "pending") return;
  if (step.isWanted(draft.instance.state)) draft.send({ ...record, state: "running" });
  else draft.settle(record, "skipped");
}
