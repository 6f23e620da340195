import type { CommandContract, DataOf, EventContract, RecordOptions } from "@tidings/core";
import type { Execute, Outbox, Recordable, Recording, Recordings } from "./outbox.ts";

/** How messages are recorded in transactions of one kind. {@link Outbox} says what is promised. */
export interface Recorder<Transaction> {
  /**
   * Records an event: it exists if and only if the transaction commits. Await it, and commit right after.
   * @returns the event's id
   * @throws TidingsError `contract-not-declared`, `message-invalid`: nothing is recorded, and the transaction goes on.
   *   Error when `transaction` is none, or the service is not installed in this database
   */
  publishIn<C extends EventContract>(
    transaction: Transaction,
    outbox: Outbox,
    contract: C,
    data: DataOf<C>,
    options?: RecordOptions,
  ): Promise<string>;

  /** Records a command, like an event; its reply comes back to the outbox's service. @returns the command's id */
  sendIn<C extends CommandContract>(
    transaction: Transaction,
    outbox: Outbox,
    contract: C,
    data: DataOf<C>,
    options?: RecordOptions,
  ): Promise<string>;

  /**
   * Records several messages, in this order, by one statement: all of them or none. Unlike several calls in one
   * transaction, it cannot deadlock with others: `recordIn(tx, outbox, [[OrderPlaced, order], [PayOrder, payment]])`.
   * @returns their ids
   */
  recordIn<const Contracts extends readonly Recordable[]>(
    transaction: Transaction,
    outbox: Outbox,
    messages: Recordings<Contracts>,
  ): Promise<string[]>;
}

/** @param executorOf how to run a statement in such a transaction; throws when it is none */
export function createRecorder<Transaction>(
  executorOf: (transaction: Transaction) => Execute,
): Recorder<Transaction> {
  const record = async (transaction: Transaction, outbox: Outbox, messages: readonly unknown[]) =>
    outbox.record(executorOf(transaction), messages as readonly Recording<Recordable>[]);
  const recordOne = async (
    transaction: Transaction,
    outbox: Outbox,
    contract: Recordable,
    data: unknown,
    options?: RecordOptions,
  ) => {
    const [id] = await record(transaction, outbox, [[contract, data, options]]);
    return id as string;
  };
  return { publishIn: recordOne, sendIn: recordOne, recordIn: record };
}

/** What an adapter throws instead of recording a message that would exist whatever becomes of the user's work. */
export function notInTransaction(hint: string, options?: ErrorOptions): Error {
  return new Error(`A message can only be recorded inside a transaction: ${hint}.`, options);
}
