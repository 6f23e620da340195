export { createPool } from "./connection.ts";
export { ConsistencyGate, type ConsistencyToken } from "./consistency.ts";
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
export {
  completeOperation,
  failOperation,
  findDone,
  type NewOperation,
  type Operation,
  type OperationMetadata,
  type OperationStep,
  type OwnedOperation,
  operationId,
  operationsTouched,
  readOperation,
  reportStep,
  type StepState,
  startOperation,
} from "./operations.ts";
export { recordMessages } from "./record-messages.ts";
export { type Registry, readHeads, readRegistry } from "./registry.ts";
export { type Committed, runTransaction } from "./run-transaction.ts";
export { type HandlerGroup, type RuntimeOptions, ServiceRuntime } from "./service-runtime.ts";
export { quoteIdentifier, schemaOf } from "./store.ts";
export {
  type BatchStep,
  batchSteps,
  defaultSubscriptionSettings,
  type Log,
  type SubscriptionSettings,
} from "./subscription-settings.ts";
export { type Positions, type ServiceContext, type UnitOfWork, useUnit } from "./unit-of-work.ts";
export { WakeUp } from "./wake-up.ts";
