export {
  type Aggregate,
  type AggregateRoot,
  abortOn,
  type Clock,
  type CommandContract,
  type Contract,
  type DataOf,
  type DomainEvent,
  defineAggregate,
  defineCommand,
  defineEvent,
  defineProgress,
  defineSaga,
  type EventContext,
  type EventContract,
  type Handler,
  type HandlerOptions,
  handles,
  isRefusal,
  isUuid,
  type Message,
  type MessageOf,
  notFound,
  on,
  onBatch,
  onReply,
  ParkMessage,
  type Projection,
  type ProjectionOptions,
  projection,
  type QueryResult,
  type RecordOptions,
  Refusal,
  type ReplyOf,
  refuse,
  type Saga,
  type SagaInstance,
  TidingsError,
  type Transaction,
  uuidv7,
  type ValidationIssue,
  type View,
  validate,
  view,
} from "@tidings/core";
export {
  abortSaga,
  completeOperation,
  failOperation,
  follows,
  type Operation,
  operationId,
  type ProjectionStatus,
  type Rebuild,
  readOperation,
  reportStep,
  resumeSaga,
  startOperation,
} from "@tidings/postgres/internal";
export { type Application, type ApplicationOptions, startApplication } from "./application.ts";
export {
  defineService,
  type Service,
  type ServiceOptions,
  type SubscriptionSettings,
} from "./define-service.ts";
export { Host, type HostOptions } from "./host.ts";
export { Answer, accepted, created, noContent, ok } from "./http/answer.ts";
export { type LiveRow, type LiveSql, type LiveTopic, liveTopic } from "./http/live-topic.ts";
export { type OpenApiDocument, type OpenApiOptions, openApi } from "./http/openapi.ts";
export type { MaySee } from "./http/operation-routes.ts";
export {
  type Page,
  type PageAnswer,
  type PagedOptions,
  type PagedSchema,
  paged,
  pageOf,
} from "./http/page.ts";
export { Problem } from "./http/problem.ts";
export type { ServiceHttp, ServiceRequest } from "./http/service-http.ts";
export { installServices } from "./install-services.ts";
export { environmentProblems, run } from "./run.ts";
