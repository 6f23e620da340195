import { TidingsError } from "@tidings/core";
import { isTransient } from "@tidings/postgres/internal";
import { Problem, type ProblemSlug, problemTypes } from "./problem.ts";

/**
 * The problem that an error is to the client. Only a {@link Problem} and a stale version bring a text of their own;
 * the message of any other error stays in the log.
 *
 * @param conditional whether the request carries `If-Match`: then a lost race is a stale version
 */
export function toProblem(error: unknown, conditional = false): Problem {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof Problem) return cause;
    if (cause instanceof TidingsError) {
      const known = tidingsProblem(cause, conditional);
      if (known) return known;
    }
  }
  if (isTransient(error))
    return new Problem("temporarily-unavailable", undefined, { retryAfter: 1, cause: error });
  const slug = slugOf(error as FastifyError | null);
  return new Problem(slug, undefined, { cause: error });
}

function tidingsProblem(error: TidingsError, conditional: boolean): Problem | undefined {
  if (error.code === "stale-version" || (error.code === "concurrency-conflict" && conditional)) {
    return new Problem("stale-version", "The resource is not at the version that If-Match names.", {
      cause: error,
    });
  }
  if (error.code === "concurrency-conflict") {
    const detail = "Others kept changing the same thing at the same time. Try again.";
    return new Problem("rule-broken", detail, { rule: "changed-concurrently", cause: error });
  }
  return undefined;
}

interface FastifyError {
  readonly code?: unknown;
  readonly statusCode?: unknown;
}

const slugsByCode: Readonly<Record<string, ProblemSlug>> = {
  FST_ERR_BAD_URL: "not-found",
  FST_ERR_MAX_PARAM_LENGTH: "not-found",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "malformed-json",
  FST_ERR_CTP_INVALID_JSON_BODY: "malformed-json",
};

/** For an error that is not ours: by Fastify's code, else by its 4xx status, else `internal`. */
function slugOf(error: FastifyError | null): ProblemSlug {
  const { code, statusCode } = error ?? {};
  const byCode = typeof code === "string" ? slugsByCode[code] : undefined;
  if (byCode) return byCode;
  if (typeof statusCode !== "number" || statusCode < 400 || statusCode > 499) return "internal";
  return firstSlugs.get(statusCode) ?? "bad-request";
}

const firstSlugs = new Map<number, ProblemSlug>();
for (const [slug, { status }] of Object.entries(problemTypes)) {
  if (!firstSlugs.has(status)) firstSlugs.set(status, slug as ProblemSlug);
}
