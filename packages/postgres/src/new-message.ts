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
  if (key.length > longestKey)
    throw new TidingsError(
      "message-invalid",
      `${contract.type}: its key is longer than ${longestKey} characters.`,
    );
  assertSize(contract, data);
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

const longestKey = 1_000;
/** Whatever carries messages from here on takes as much. */
const mostBytes = 1_000_000;

/** @throws TidingsError `message-too-large` */
function assertSize({ type }: Contract, data: unknown): void {
  const text = JSON.stringify(data) ?? "";
  if (text.length * 3 <= mostBytes) return;
  const size = Buffer.byteLength(text);
  if (size <= mostBytes) return;
  throw new TidingsError(
    "message-too-large",
    `The data of a ${type} has ${size.toLocaleString("en")} bytes, of which there may be ${mostBytes.toLocaleString("en")}.`,
  );
}
