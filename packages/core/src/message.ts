import type {
  CommandContract,
  Contract,
  DataOf,
  MessageKind,
  ReplyOutcome,
  ResultOf,
  TypeOf,
} from "./contract.ts";

/**
 * A message in its envelope. `source` + `id` is unique for ever. `correlationId` is the id of the request or message
 * that began the whole chain, `causationId` the message handled when this one was recorded (null at the beginning).
 */
export interface Message<Data = unknown, Type extends string = string> {
  readonly id: string;
  readonly kind: MessageKind;
  readonly type: Type;
  readonly version: number;
  /** The service that recorded it. */
  readonly source: string;
  /** Messages of one source with one key are handled in the order in which their transactions committed. */
  readonly key: string;
  /** RFC 3339, UTC: when it was recorded, by the recording process's clock. */
  readonly time: string;
  readonly data: Data;
  readonly correlationId: string;
  readonly causationId: string | null;
  readonly headers: MessageHeaders;
}

/** What travels with a message besides its data. */
export interface MessageHeaders {
  /** The operation that this chain of messages reports to. */
  readonly operationId?: string;
  /** W3C trace context of the moment of recording. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** On a command: the service that waits for the reply. On a reply: the service it is meant for. */
  readonly replyTo?: string;
  /** On a command of a saga, and on its reply: `<saga>/<instance>`. */
  readonly saga?: string;
  /** The service that keeps the operation. */
  readonly operationService?: string;
  /** On a report of progress: the service it is meant for. */
  readonly to?: string;
  /** Who began the chain, for example the subject of a bearer token. */
  readonly actor?: string;
}

/** The message type of a contract, as handlers receive it. */
export type MessageOf<C extends Contract> = Message<DataOf<C>, TypeOf<C>>;

/** The reply to a command, as the sender's handler receives it; `causationId` is the id of the command it answers. */
export type ReplyOf<C extends CommandContract> = Message<ReplyOutcome<ResultOf<C>>, `${TypeOf<C>}.Reply`>;

/** What a new message inherits from what is being handled. */
export interface Cause {
  readonly correlationId: string | null;
  readonly causationId: string | null;
  readonly headers: MessageHeaders;
}

/** The only service that a message is meant for, if there is one: a reply's, the one that sent the command. */
export function addresseeOf({ kind, headers }: Pick<Message, "kind" | "headers">): string | undefined {
  return kind === "reply" ? headers.replyTo : headers.to;
}

/** The cause that messages recorded while handling `message` carry: same chain, caused by it. */
export function causeOf(message: Message): Cause {
  const { replyTo: _, saga: __, to: ___, ...headers } = message.headers;
  return { correlationId: message.correlationId, causationId: message.id, headers };
}

/** A chain that begins here. */
export const noCause: Cause = { correlationId: null, causationId: null, headers: {} };
