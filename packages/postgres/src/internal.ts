export { createPool } from "./connection.ts";
export { ConsistencyGate, type ConsistencyToken, type ReachQuestion } from "./consistency.ts";
export { isStreamConflict, isTransient } from "./errors.ts";
export {
  type Claim,
  claimKey,
  type KeyedCall,
  purgeExpired,
  recordedSoFar,
  type StoredAnswer,
  storeAnswer,
} from "./idempotency.ts";
export type { EntriesQuestion, HeadsQuestion } from "./inbox/gap-filler.ts";
export { follows } from "./operation-progress.ts";
export {
  completeOperation,
  failOperation,
  type NewOperation,
  type Operation,
  type OperationMetadata,
  type OperationStep,
  operationId,
  readOperation,
  readOperations,
  reportStep,
  type StepState,
  type StoredOperation,
  startOperation,
} from "./operations.ts";
export { ProjectionRebuilds, type ProjectionStatus } from "./rebuild/projection-rebuilds.ts";
export type { Rebuild } from "./rebuild/rebuild-state.ts";
export { type RebuildStep, rebuildSteps } from "./rebuild/rebuild-step.ts";
export { recordMessages } from "./record-messages.ts";
export { type Registry, readHeads, readRegistry } from "./registry.ts";
export { relayName } from "./relay/relay-name.ts";
export { type Committed, runTransaction } from "./run-transaction.ts";
export { abortSaga, resumeSaga } from "./sagas/manage-sagas.ts";
export { sagaHandlers } from "./sagas/saga-handlers.ts";
export { readSecret } from "./secrets.ts";
export { type RuntimeOptions, ServiceRuntime } from "./service-runtime.ts";
export type { HandlerGroup } from "./service-subscriptions.ts";
export { SharedReads } from "./shared-reads.ts";
export { inboxLog, outboxLog, type Routes } from "./source-log.ts";
export { quoteIdentifier, schemaOf } from "./store.ts";
export {
  type BatchStep,
  batchSteps,
  defaultSubscriptionSettings,
  type Log,
  type SubscriptionSettings,
} from "./subscription-settings.ts";
export { withTimeLimit } from "./time-limit.ts";
export { type Positions, type ServiceContext, type UnitOfWork, useUnit } from "./unit-of-work.ts";
export { WakeUp } from "./wake-up.ts";
