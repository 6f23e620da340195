import type { Aggregate, DomainEvent } from "./aggregate.ts";
import type { CommandContract, Contract, EventContract, ResultOf } from "./contract.ts";
import type { Message, MessageOf, ReplyOf } from "./message.ts";
import type { Refusal } from "./refusal.ts";
import type { Transaction } from "./transaction.ts";

/**
 * A service's reaction to one message type. It runs inside the transaction that also marks the message as handled, so
 * its effects in the database happen exactly once; an effect elsewhere (mail, HTTP) may happen again after a crash and
 * needs an idempotency key derived from the message's id.
 */
export type Handler =
  | {
      readonly mode: "each";
      readonly contract: Contract;
      readonly interleaved: boolean;
      handle(message: Message, tx: Transaction): unknown;
    }
  | {
      readonly mode: "batch";
      readonly contract: Contract;
      handle(messages: readonly Message[], tx: Transaction): unknown;
    }
  | {
      readonly mode: "command";
      readonly contract: CommandContract;
      handle(message: Message, tx: Transaction): Promise<unknown>;
    };

export interface HandlerOptions {
  /**
   * Messages of different keys that are in one batch are handled at the same time, so that their statements travel
   * together; those of one key still one after the other. False by default, because all of them share the batch's
   * transaction, in which locks do not keep them apart: a handler that reads a row, computes, and writes it back must
   * not be interleaved with another that does so with the same row. `update … set total = total + $1` is fine.
   */
  readonly interleaved?: boolean;
}

/** Reacts to an event of any service, in commit order per key. */
export function on<C extends EventContract>(
  contract: C,
  handle: (event: MessageOf<C>, tx: Transaction) => unknown,
  { interleaved = false }: HandlerOptions = {},
): Handler {
  return {
    mode: "each",
    contract,
    interleaved,
    handle: handle as (message: Message, tx: Transaction) => unknown,
  };
}

/**
 * Reacts to events in batches, for set-based SQL. The events of one key are in commit order; a batch that throws is
 * handled again one message at a time, so the function must take a batch of any size from 1.
 */
export function onBatch<C extends EventContract>(
  contract: C,
  handle: (events: readonly MessageOf<C>[], tx: Transaction) => unknown,
): Handler {
  return {
    mode: "batch",
    contract,
    handle: handle as (messages: readonly Message[], tx: Transaction) => unknown,
  } as Handler;
}

/**
 * Carries out a command that this service accepts. What it returns is the reply: a result, or a {@link Refusal}, whose
 * writes are rolled back. The reply is recorded in the same transaction as the effects.
 */
export function handles<C extends CommandContract>(
  contract: C,
  handle: (command: MessageOf<C>, tx: Transaction) => Promise<ResultOf<C> | Refusal>,
): Handler {
  return {
    mode: "command",
    contract,
    handle: handle as (message: Message, tx: Transaction) => Promise<unknown>,
  } as Handler;
}

/** Reacts to the reply to a command that this service sent. */
export function onReply<C extends CommandContract>(
  command: C,
  handle: (reply: ReplyOf<C>, tx: Transaction) => unknown,
): Handler {
  const contract = command.reply as Contract;
  return {
    mode: "each",
    contract,
    interleaved: false,
    handle: handle as (message: Message, tx: Transaction) => unknown,
  };
}

/** A read model fed by messages, with a subscription (and so a position) of its own. */
export interface Projection {
  readonly name: string;
  readonly handlers: readonly Handler[];
  /** Its tables, where it can be rebuilt. */
  readonly tables: readonly string[] | undefined;
}

export interface ProjectionOptions {
  /**
   * All tables that its handlers write, which nobody else writes. Naming them makes the read model rebuildable: each
   * message is archived when it is handled, and a rebuild handles them all again, in the same order, on new tables that
   * then take the place of the old ones. So its handlers may record nothing, and need the message for all they write:
   * `event.time`, not the time of handling.
   */
  readonly tables?: readonly string[];
}

/** Declares a read model: `projection("catalogue", [on(ProductAdded, …), on(ProductRemoved, …)])`. */
export function projection(
  name: string,
  handlers: readonly Handler[],
  { tables }: ProjectionOptions = {},
): Projection {
  return { name, handlers, tables };
}

/** Where a domain event stands. */
export interface EventContext {
  readonly id: string;
  readonly version: number;
  readonly at: Date;
}

/** A read model of an aggregate, written in the same transaction as its events: never stale inside the service. */
export interface View {
  readonly aggregate: Aggregate;
  apply(event: DomainEvent, context: EventContext, tx: Transaction): unknown;
}

/** Declares a view: one function per event type that concerns it. */
export function view<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  when: {
    readonly [Type in Event["type"]]?: (
      data: Extract<Event, { type: Type }>["data"],
      context: EventContext,
      tx: Transaction,
    ) => unknown;
  },
): View {
  const steps = when as Record<
    string,
    ((data: unknown, context: EventContext, tx: Transaction) => unknown) | undefined
  >;
  return {
    aggregate: aggregate as unknown as Aggregate,
    apply: (event, context, tx) => steps[event.type]?.(event.data, context, tx),
  };
}
