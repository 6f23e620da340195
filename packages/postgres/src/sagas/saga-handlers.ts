import type { Contract, Handler, Message, ReplyOutcome, Saga, Transaction } from "@tidings/core";
import { abortInput, commandsOf } from "@tidings/core/internal";
import type { ServiceTransaction } from "../service-transaction.ts";
import { moveSagas, type SagaEvent, startSagas } from "./move-sagas.ts";

/** The handlers by which the sagas of a service start, go on and are aborted. They belong into its own group. */
export function sagaHandlers(sagas: readonly Saga[]): Handler[] {
  const byName = new Map(sagas.map((saga) => [saga.name, saga]));
  const commands = new Map(sagas.flatMap(commandsOf).map((command) => [command.type, command]));
  return [
    ...sagas.map((saga) => inBatches(saga.startedBy, (events, tx) => startSagas(tx, tx.store, saga, events))),
    ...[...commands.values()].map((command) =>
      inBatches(command.reply, (replies, tx) => moveSagas(tx, tx.store, byName, replies.flatMap(replyInput))),
    ),
    ...sagas.flatMap((saga) => [...saga.versions.values()]).flatMap((saga) => abortHandlers(saga, byName)),
  ];
}

/** An instance is aborted as the version that it goes by says. */
function abortHandlers({ name, version, aborts }: Saga, sagas: ReadonlyMap<string, Saga>): Handler[] {
  return aborts.map((abort) =>
    inBatches(abort.contract, (events, tx) => {
      const concerned = events.filter((event) => abort.concerns(event));
      const aborted = concerned.map((event): SagaEvent => {
        const input = abortInput(abort, event);
        return { saga: name, id: abort.idOf(event), input, cause: causing(event), definition: version };
      });
      return moveSagas(tx, tx.store, sagas, aborted);
    }),
  );
}

function inBatches(
  contract: Contract,
  handle: (messages: readonly Message[], tx: ServiceTransaction) => Promise<void>,
): Handler {
  return {
    mode: "batch",
    contract,
    handle: handle as (messages: readonly Message[], tx: Transaction) => unknown,
  };
}

/** A reply without the mark of a saga answers a command that the service has sent by itself. */
function replyInput(reply: Message): SagaEvent[] {
  const { saga: mark = "" } = reply.headers;
  const slash = mark.indexOf("/");
  if (slash < 0 || reply.causationId === null) return [];
  const input = {
    type: "reply",
    commandId: reply.causationId,
    outcome: reply.data as ReplyOutcome<unknown>,
  } as const;
  return [{ saga: mark.slice(0, slash), id: mark.slice(slash + 1), input, cause: causing(reply) }];
}

function causing(message: Message): SagaEvent["cause"] {
  return { causationId: message.id, headers: message.headers };
}
