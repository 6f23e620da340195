import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Aggregate, QueryResult, Refusal, Transaction } from "@tidings/core";
import type { StoredEvent } from "@tidings/postgres";
import type { ProjectionRebuilds } from "@tidings/postgres/internal";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { Answer } from "./answer.ts";

/**
 * Types `request.body`, `query` and `params` by the Standard Schemas of a route. Its `response` schemas describe what is
 * answered, for documents: they neither change it nor type it, since a handler may also answer a refusal.
 */
export interface StandardSchemaTypeProvider extends FastifyTypeProvider {
  readonly validator: this["schema"] extends StandardSchemaV1
    ? StandardSchemaV1.InferOutput<this["schema"]>
    : unknown;
  readonly serializer: unknown;
}

/** The Fastify instance that a service registers its routes on. */
export type ServiceHttp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  StandardSchemaTypeProvider
>;

/** A request to a service, for functions outside of the route that take what they need of it. */
export type ServiceRequest = FastifyRequest;

declare module "fastify" {
  interface FastifyRequest {
    /**
     * Runs a write in one transaction of the service and answers with what it returns: a resource (200), an
     * {@link Answer}, or a refusal (a problem; whatever was written is rolled back). An `Idempotency-Key` is stored in
     * the same transaction, so a repeat of the request has no second effect and gets the first answer.
     * The answer carries a `Consistency-Token`.
     */
    transaction(work: (tx: Transaction) => Promise<Answer | Refusal | object>): Promise<unknown>;

    /** Runs one statement in the service's schema, for reading: what it writes is in no transaction of the request. */
    sql<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;

    /** One page of an aggregate's stored events, in order, as they were stored. */
    history(
      aggregate: Pick<Aggregate, "name">,
      id: string,
      page: { readonly afterVersion: number; readonly limit: number },
    ): Promise<StoredEvent[]>;

    /** The service's projections and their rebuilds: start and cancel one inside `transaction`. */
    readonly rebuilds: Pick<ProjectionRebuilds, "list" | "start" | "cancel">;

    /** The version in `If-Match`, or undefined when any version will do. */
    readonly expectedVersion: number | undefined;

    /**
     * The request's `Idempotency-Key`, unquoted: for a call to another system, made before the transaction, that is to
     * happen once however often the request is repeated.
     */
    readonly idempotencyKey: string | undefined;

    /** Who asks: stored with what the request causes, and the owner of its idempotency keys. */
    actor: string;
  }
}
