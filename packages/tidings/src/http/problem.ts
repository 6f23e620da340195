import type { Refusal, ValidationIssue } from "@tidings/core";

interface ProblemType {
  readonly status: number;
  readonly title: string;
  /** What it tells the client, and what to do next. */
  readonly meaning: string;
}

/** Every problem type that the library answers: the only list of their slugs, statuses and titles. */
export const problemTypes = {
  "bad-request": {
    status: 400,
    title: "The request cannot be understood",
    meaning: "The request breaks the rules of HTTP. Correct it before it is sent again.",
  },
  "malformed-json": {
    status: 400,
    title: "The body is not JSON",
    meaning: "The body cannot be read as JSON, or uses a reserved name such as `__proto__`.",
  },
  unauthorized: {
    status: 401,
    title: "A valid token is needed",
    meaning: "The request has no bearer token, or one that is not valid any more.",
  },
  forbidden: {
    status: 403,
    title: "The role does not allow this",
    meaning: "The token is valid, but none of its roles may do this.",
  },
  "not-found": {
    status: 404,
    title: "There is no such thing",
    meaning:
      "The address, or something that the request names, does not exist or is not the caller's to see.",
  },
  "method-not-allowed": {
    status: 405,
    title: "The method does not apply here",
    meaning: "The address exists; `Allow` lists the methods that it takes.",
  },
  "request-timeout": {
    status: 408,
    title: "The request took too long to arrive",
    meaning: "The connection was closed before the whole request had arrived. Send it again.",
  },
  "rule-broken": {
    status: 409,
    title: "A rule of the business says no",
    meaning: "`rule` names the rule. Nothing was changed.",
  },
  "request-in-progress": {
    status: 409,
    title: "The same request is still running",
    meaning:
      "A request with this `Idempotency-Key` has not finished. Repeat it unchanged after `Retry-After`.",
  },
  "stale-version": {
    status: 412,
    title: "The resource has changed",
    meaning: "`If-Match` does not name the current version. Read the resource again and decide again.",
  },
  "payload-too-large": {
    status: 413,
    title: "The body is too large",
    meaning: "The body is larger than the server accepts.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "The body must be JSON",
    meaning: "Send the body as `Content-Type: application/json`, without a content coding.",
  },
  "validation-failed": {
    status: 422,
    title: "The request is not valid",
    meaning: "`errors` lists each value that is wrong, with a JSON pointer to it.",
  },
  "idempotency-key-reused": {
    status: 422,
    title: "The idempotency key belongs to another request",
    meaning: "This `Idempotency-Key` was used for a request with another address or body. Use a new one.",
  },
  "rate-limited": {
    status: 429,
    title: "Too many requests",
    meaning: "Wait as long as `Retry-After` says.",
  },
  "headers-too-large": {
    status: 431,
    title: "The headers are too large",
    meaning: "The request's headers are larger than the server accepts.",
  },
  internal: {
    status: 500,
    title: "Something went wrong here",
    meaning: "The server met an error that is not the client's. `requestId` finds it in the log.",
  },
  "temporarily-unavailable": {
    status: 503,
    title: "Temporarily unavailable",
    meaning: "Something that the request needs cannot be reached just now. Repeat it after `Retry-After`.",
  },
  "read-model-behind": {
    status: 503,
    title: "The data is not up to date yet",
    meaning:
      "What the `Consistency-Token` names has not arrived yet. Repeat the request after `Retry-After`.",
  },
  "processor-unavailable": {
    status: 503,
    title: "The card processor does not answer",
    meaning: "Repeat the request after `Retry-After`, under the same `Idempotency-Key`.",
  },
} as const satisfies Record<string, ProblemType>;

export type ProblemSlug = keyof typeof problemTypes;

/** A problem object of RFC 9457, as it is sent. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance?: string;
  readonly rule?: string;
  readonly errors?: readonly ValidationIssue[];
  readonly requestId?: string;
}

export interface ProblemOptions extends ErrorOptions {
  readonly rule?: string;
  readonly errors?: readonly ValidationIssue[];
  /** Seconds. */
  readonly retryAfter?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A problem to be answered: throw it from anywhere in a request. `detail` is shown to the client; left out, it is the
 * meaning of the problem's type. Inside a transaction it rolls back what was written.
 */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly slug: ProblemSlug;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly #members: Pick<ProblemBody, "detail" | "rule" | "errors">;

  constructor(slug: ProblemSlug, detail?: string, options: ProblemOptions = {}) {
    const { rule, errors, retryAfter, headers } = options;
    super(detail ?? problemTypes[slug].title, options);
    this.slug = slug;
    this.status = problemTypes[slug].status;
    this.headers = { ...headers, ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }) };
    this.#members = {
      detail: detail ?? problemTypes[slug].meaning,
      ...(rule !== undefined && { rule }),
      ...(errors && { errors }),
    };
  }

  /** @param instance the path of the request; an operation that failed has none */
  toBody(instance?: string): ProblemBody {
    const { status, title } = problemTypes[this.slug];
    const where = instance === undefined ? {} : { instance };
    return { type: problemUri(this.slug), title, status, ...this.#members, ...where };
  }
}

export const problemContentType = "application/problem+json";

export function problemUri(slug: ProblemSlug): string {
  return `/problems/${slug}`;
}

/** A refusal as a problem: 404 for `not-found`, else 409. */
export function refusalProblem({ rule, detail }: Refusal): Problem {
  return rule === "not-found"
    ? new Problem("not-found", detail)
    : new Problem("rule-broken", detail, { rule });
}

/** A 422 that lists what is wrong. */
export function validationProblem(errors: readonly ValidationIssue[]): Problem {
  return new Problem("validation-failed", summaryOf(errors), { errors });
}

/** The first of them in words, and how many more there are. */
function summaryOf([first, ...more]: readonly ValidationIssue[]): string | undefined {
  const where = first?.pointer ? `${first.pointer}: ` : "";
  return first && `${where}${first.detail}${more.length > 0 ? ` (and ${more.length} more)` : ""}`;
}

/** A 422 for one header. */
export function headerProblem(header: string, detail: string): Problem {
  return validationProblem([{ pointer: "", detail: `${header} ${detail}` }]);
}
