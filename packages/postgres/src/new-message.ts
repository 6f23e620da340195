import {
  type Cause,
  type Contract,
  type Message,
  type MessageHeaders,
  type RecordOptions,
  TidingsError,
} from "@tidings/core";
import { causeOf, parseData } from "@tidings/core/internal";

/** Who records a message: a service, the message types that it declares to record, and what made it do so. */
export interface Author {
  readonly service: string;
  readonly records: ReadonlySet<string>;
  readonly cause: Cause;
}

/** What is to become a message. */
export interface Draft {
  readonly id: string;
  readonly time: Date;
  readonly contract: Contract;
  readonly data: unknown;
  readonly options: RecordOptions;
  /** On top of those that the message inherits from its cause. */
  readonly headers: MessageHeaders;
}

/**
 * The message that a draft becomes, with its data validated; at once, unless the contract's schema is asynchronous.
 * @throws TidingsError `contract-not-declared`, `message-invalid` (the latter as a rejection from an asynchronous schema)
 */
export function newMessage(author: Author, draft: Draft): Message | Promise<Message> {
  const { contract, data } = draft;
  if (!author.records.has(contract.type)) {
    const list = contract.kind === "event" ? "publishes" : "sends";
    throw new TidingsError(
      "contract-not-declared",
      `${author.service} records ${contract.type}, which is not in its \`${list}\`.`,
    );
  }
  const valid = parseData(contract, data, contract.version);
  return valid instanceof Promise
    ? valid.then((value) => envelope(author, draft, value))
    : envelope(author, draft, valid);
}

function envelope(author: Author, { id, time, contract, options, headers }: Draft, data: unknown): Message {
  const key = options.key ?? contract.keyOf(data);
  if (key === "") throw new TidingsError("message-invalid", `${contract.type}: its key is empty.`);
  const cause = options.causedBy ? causeOf(options.causedBy) : author.cause;
  return {
    id,
    kind: contract.kind,
    type: contract.type,
    version: contract.version,
    source: author.service,
    key,
    time: time.toISOString(),
    data,
    correlationId: cause.correlationId ?? id,
    causationId: cause.causationId,
    headers: {
      ...cause.headers,
      ...headers,
      ...(options.operationId !== undefined && {
        operationId: options.operationId,
        operationService: author.service,
      }),
    },
  };
}
