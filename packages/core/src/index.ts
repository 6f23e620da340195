export { type Aggregate, type AggregateRoot, type DomainEvent, defineAggregate } from "./aggregate.ts";
export type {
  Broker,
  BrokerLog,
  BrokerOptions,
  LogEntry,
  LogReader,
  LogReading,
  ReceivedEntry,
  ServiceNotice,
} from "./broker.ts";
export { type Clock, systemClock } from "./clock.ts";
export { type CloudEvent, fromCloudEvent, toCloudEvent } from "./cloud-event.ts";
export {
  type CommandContract,
  type Contract,
  type DataOf,
  defineCommand,
  defineEvent,
  type EventContract,
  type MessageKind,
  type ReplyContract,
  type ReplyOutcome,
  type ResultOf,
  type TypeOf,
} from "./contract.ts";
export { type Disposition, type ErrorCode, errorCatalogue, ParkMessage, TidingsError } from "./errors.ts";
export {
  type EventContext,
  type Handler,
  type HandlerOptions,
  handles,
  on,
  onBatch,
  onReply,
  type Projection,
  type ProjectionOptions,
  projection,
  type View,
  view,
} from "./handler.ts";
export type { Cause, Message, MessageHeaders, MessageOf, ReplyOf } from "./message.ts";
export { isRefusal, notFound, Refusal, refuse } from "./refusal.ts";
export {
  abortOn,
  defineSaga,
  type Saga,
  type SagaAbort,
  type SagaOptions,
  type SagaOutcome,
} from "./saga/define-saga.ts";
export {
  defineProgress,
  type OperationProgress,
  type OperationProgressed,
  type StepProgress,
} from "./saga/operation-progress.ts";
export type {
  SagaInstance,
  SagaStatus,
  SagaStepRecord,
  SagaStepState,
  StuckStep,
} from "./saga/saga-instance.ts";
export type {
  ParallelSteps,
  SagaPart,
  SagaPatience,
  SagaRefusal,
  SagaStep,
  SagaSteps,
  StepBuilder,
} from "./saga/saga-step.ts";
export type { LoadOptions, QueryResult, RecordOptions, Transaction } from "./transaction.ts";
export { isUuid, uuidv7 } from "./uuid.ts";
export { type ValidationIssue, type ValidationResult, validate } from "./validate.ts";
