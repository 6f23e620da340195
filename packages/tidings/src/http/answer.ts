import type { Operation } from "@tidings/postgres/internal";
import { type Problem, problemContentType } from "./problem.ts";

/**
 * An HTTP answer to a write, made inside its transaction. It is stored with the request's idempotency key. Its status is
 * below 400: what is to be rolled back is refused, or thrown as a {@link Problem}.
 */
export class Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>>) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }

  /** The same answer with more headers. */
  with(headers: Readonly<Record<string, string>>): Answer {
    return new Answer(this.status, this.body, { ...this.headers, ...headers });
  }
}

/** The version of the aggregate that is answered: sent as its `ETag`. */
export interface AnswerOptions {
  readonly version?: number;
}

/** 201 with the resource and where it is. */
export function created(location: string, resource: object, options: AnswerOptions = {}): Answer {
  return new Answer(201, resource, { location, ...etag(options) });
}

/** 200 with the resource. */
export function ok(resource: object, options: AnswerOptions = {}): Answer {
  return new Answer(200, resource, etag(options));
}

/** 204: done, and nothing to show. */
export function noContent(): Answer {
  return new Answer(204, undefined, {});
}

/**
 * 202: a workflow has begun; the operation says how far it is, at `/api/operations/{id}`. A route with
 * `config: { waitsForOperation: true }` answers 200 with the finished operation instead, when the request says
 * `Prefer: wait=n` and the operation is done in that time.
 */
export function accepted(operation: Operation): Answer {
  return new Answer(202, operation, { location: `/api/${operation.name}`, "retry-after": "1" });
}

/** @param instance the path of the request */
export function problemAnswer(problem: Problem, instance: string): Answer {
  return new Answer(problem.status, problem.toBody(instance), {
    ...problem.headers,
    "content-type": problemContentType,
  });
}

function etag({ version }: AnswerOptions): Record<string, string> {
  return version === undefined ? {} : { etag: `"${version}"` };
}
