export {
  type Aggregate,
  type AggregateRoot,
  type Clock,
  type CommandContract,
  type Contract,
  type DataOf,
  type DomainEvent,
  defineAggregate,
  defineCommand,
  defineEvent,
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
  projection,
  type QueryResult,
  Refusal,
  type ReplyOf,
  refuse,
  TidingsError,
  type Transaction,
  uuidv7,
  type ValidationIssue,
  type View,
  validate,
  view,
} from "@tidings/core";
export {
  completeOperation,
  failOperation,
  type Operation,
  operationId,
  reportStep,
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
export { environmentProblems, run } from "./run.ts";
