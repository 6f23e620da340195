interface DatabaseError {
  readonly code?: unknown;
  readonly constraint?: unknown;
  readonly message?: unknown;
}

/**
 * Whether an error says something about the database or the network rather than about the message being handled:
 * lost connections (class 08), a server that shuts down or starts (57P0x), serialization failures and deadlocks
 * (40001, 40P01), lock time-outs (55P03) and exhausted resources (class 53). Such work is repeated as it is.
 */
export function isTransient(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code, message } = cause as DatabaseError;
    if (typeof code === "string" && (transientCodes.has(code) || /^(08|53|57P0)/.test(code))) return true;
    if (
      typeof message === "string" &&
      /Connection terminated|timeout exceeded when trying to connect/.test(message)
    )
      return true;
    if (/not queryable|connection timeout|Client was closed/i.test(String(message))) return true;
  }
  return false;
}

const transientCodes = new Set([
  "40001",
  "40P01",
  "55P03",
  "25P03",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "partition-blocked",
  "broker-unavailable",
]);

/** Whether it was the broker that could not be reached. */
export function isBrokerLost(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "broker-unavailable";
}

/**
 * Whether a transaction failed through no fault of what was done in it: it lost its connection, or the server gave it
 * up. Unlike {@link isTransient} it does not count what the work met elsewhere: a handler whose own request is refused
 * (`ECONNREFUSED`) has failed, and so has one that did not get a row's lock (55P03).
 */
export function isInterruption(error: unknown, isConnectionLost: boolean): boolean {
  if (isConnectionLost || isStalePlan(error)) return true;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as DatabaseError;
    if (typeof code === "string" && /^(08|53|57P0|40001|40P01)/.test(code)) return true;
  }
  return false;
}

/**
 * Whether a prepared statement no longer fits its tables, since a migration has changed them. It fails for ever on its
 * connection, and works on a new one.
 */
export function isStalePlan(error: unknown): boolean {
  const { code, routine } = (error ?? {}) as DatabaseError & { readonly routine?: unknown };
  return code === "0A000" && routine === "RevalidateCachedQuery";
}

/** Whether a commit failed because somebody else appended to the same stream first. */
export function isStreamConflict(error: unknown): boolean {
  const { code, constraint } = (error ?? {}) as DatabaseError;
  return code === "23505" && constraint === "tidings_events_stream_version";
}

/** Whether a row would have broken a constraint (class 23). */
export function isConstraintViolation(error: unknown): boolean {
  return /^23/.test(String((error as DatabaseError | null)?.code));
}

/** Whether somebody else held a lock for too long: a partition, or a row. */
export function isLockTimeout(error: unknown): boolean {
  const { code } = (error ?? {}) as DatabaseError;
  return code === "55P03" || code === "57014" || code === "partition-blocked";
}

/** Whether two transactions waited for each other and this one was chosen to give way. */
export function isDeadlock(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === "40P01";
}
