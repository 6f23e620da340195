/**
 * What happens next to a message whose handler threw: `retry` (the default: again after a growing delay, a limited
 * number of times, then parked), or `park` (now; a person decides). A business refusal is not an error: return it.
 */
export type Disposition = "retry" | "park";

interface ErrorSpec {
  readonly message: string;
  readonly disposition: Disposition;
  readonly fix: string;
}

/** Every error the library raises: its text, what happens to the message being handled, and how to fix it. */
export const errorCatalogue = {
  "message-invalid": {
    message: "A message does not match the schema of its contract.",
    disposition: "park",
    fix: "Correct the data where it is recorded; a message that arrived like this waits as a dead letter and can be edited.",
  },
  "message-too-large": {
    message: "A message is larger than 1,000,000 bytes.",
    disposition: "park",
    fix: "Store what is large elsewhere and record where it is.",
  },
  "message-too-new": {
    message: "A message is of a newer version than this program knows.",
    disposition: "retry",
    fix: "Deploy the newer version of its contract; until then the message is retried.",
  },
  "saga-version-unknown": {
    message: "An instance of a saga goes by a version of its definition that this program does not have.",
    disposition: "retry",
    fix: "Deploy the version that began it, or keep that version in `earlier`; until then the message is retried.",
  },
  "contract-not-declared": {
    message: "A service records a message that its definition does not list.",
    disposition: "park",
    fix: "Add the contract to `publishes` or `sends` of the service.",
  },
  "no-handler": {
    message: "A parked message has no handler any more.",
    disposition: "park",
    fix: "Deploy the handler again, or drop the dead letter.",
  },
  "concurrency-conflict": {
    message: "Somebody else changed the aggregate in the meantime.",
    disposition: "retry",
    fix: "Load the aggregate again and decide again; the library has already done so several times.",
  },
  "stale-version": {
    message: "The aggregate is not at the version that the caller named.",
    disposition: "park",
    fix: "Read the aggregate again and repeat the request with its current version.",
  },
  "partition-blocked": {
    message: "Another transaction that has recorded a message of this partition has not ended for a while.",
    disposition: "retry",
    fix: "Try again. In transactions of your own record last and commit right after; pg_stat_activity shows which one is open.",
  },
  "transaction-closed": {
    message: "A transaction was used after its function had returned, failed or timed out.",
    disposition: "retry",
    fix: "Await every query inside the function that receives the transaction.",
  },
  "handler-timeout": {
    message: "A handler did not finish in its time.",
    disposition: "retry",
    fix: "Make the handler faster, pass tx.signal to what it waits for, or raise `handlerTimeoutMs`.",
  },
  "migration-changed": {
    message: "A migration that was applied has another text now.",
    disposition: "park",
    fix: "Restore the applied text and put the change into a new migration.",
  },
  "schema-too-new": {
    message: "The database was migrated by a newer version of Tidings or of the service.",
    disposition: "park",
    fix: "Deploy at least the version that migrated it.",
  },
  "partitions-changed": {
    message: "A service's number of partitions is fixed when it is installed.",
    disposition: "park",
    fix: "Remove `partitions` from the configuration, or set the installed number.",
  },
  "broker-unavailable": {
    message: "The broker cannot be reached, or did not confirm in time.",
    disposition: "retry",
    fix: "Check NATS_URL and the servers that it names. What was recorded waits in the outbox until they are back.",
  },
  "broker-drift": {
    message: "What the broker keeps for a service is not as it should be, and cannot be changed into it.",
    disposition: "retry",
    fix: "Change it back by hand, or delete it on purpose, as the text says.",
  },
  "log-unknown": {
    message: "The broker has no log of that service.",
    disposition: "retry",
    fix: "Start the service once; those that read its log begin by themselves when it appears.",
  },
  "projection-not-rebuildable": {
    message: "A projection cannot be rebuilt as it is.",
    disposition: "park",
    fix: "Name its tables in `projection(name, handlers, { tables })`; take away what is named as being in the way.",
  },
  "archive-incomplete": {
    message:
      "The archive of a projection does not have all that it has handled, so it cannot be rebuilt completely.",
    disposition: "park",
    fix: "Give the projection a new name and new tables: it then reads, and archives, what the logs still hold.",
  },
  "rebuild-running": {
    message: "A projection is being rebuilt already.",
    disposition: "park",
    fix: "Wait until it is done, or cancel it first.",
  },
  "rebuild-not-running": {
    message: "A projection is not being rebuilt.",
    disposition: "park",
    fix: "There is nothing to cancel.",
  },
  "rebuild-must-not-record": {
    message: "A handler of a projection that is being rebuilt tried to record a message or an event.",
    disposition: "park",
    fix: "Move the recording to a handler among `reacts`: a read model that is rebuilt would record it again.",
  },
  "rebuild-writes-elsewhere": {
    message:
      "A handler of a projection that is being rebuilt wrote to a table that the projection does not name.",
    disposition: "park",
    fix: "Name the table in `tables`, or write it in a projection or reaction of its own.",
  },
  "rebuild-outdated": {
    message: "The tables of a projection were changed while it was being rebuilt.",
    disposition: "park",
    fix: "Start the rebuild again; do not migrate the tables meanwhile.",
  },
  "database-unreachable": {
    message: "The database cannot be reached.",
    disposition: "retry",
    fix: "Check DATABASE_URL, and that PostgreSQL is running and lets this host in.",
  },
  "address-in-use": {
    message: "The HTTP address is in use.",
    disposition: "park",
    fix: "Stop the process that listens there, or set PORT to another port.",
  },
  "configuration-invalid": {
    message: "The configuration is not valid.",
    disposition: "park",
    fix: "Each named setting says what it expects.",
  },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof errorCatalogue;

/** An error of the library: `code` is stable, `disposition` says what happens to the message, `fix` what to do. */
export class TidingsError extends Error {
  override readonly name = "TidingsError";
  readonly code: ErrorCode;
  readonly disposition: Disposition;
  readonly fix: string;

  /** @param detail what exactly, in one sentence; the catalogue's text is used when it is left out */
  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? errorCatalogue[code].message, options);
    this.code = code;
    this.disposition = errorCatalogue[code].disposition;
    this.fix = errorCatalogue[code].fix;
  }
}

/** Throw it from a handler when trying again cannot help: the message is parked at once, and its key waits. */
export class ParkMessage extends Error {
  override readonly name = "ParkMessage";
  readonly disposition: Disposition = "park";
}

/** What happens next after this error: its own `disposition` if it has one, else `retry`. */
export function dispositionOf(error: unknown): Disposition {
  return (error as { disposition?: unknown } | null)?.disposition === "park" ? "park" : "retry";
}
