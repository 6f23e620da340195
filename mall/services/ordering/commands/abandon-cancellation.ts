import { failOperation, isRefusal, type MessageOf, Problem, type Refusal, type Transaction } from "tidings";
import { changeOrder } from "../change-order.ts";
import type { AbandonCancellation } from "../contract.ts";
import { keep } from "../decide-order.ts";

/** Carries out AbandonCancellation and ends its operation; repeated on an order that went on, it answers done again. */
export async function abandonCancellation(
  command: MessageOf<typeof AbandonCancellation>,
  tx: Transaction,
): Promise<{ orderId: string } | Refusal> {
  const { orderId, cancellationId, reason } = command.data;
  const order = await changeOrder(tx, orderId, (state) => keep(state, cancellationId, reason));
  if (isRefusal(order)) return order;
  await failOperation(tx, cancellationId, cannotBeCancelled.toBody());
  return { orderId };
}

const cannotBeCancelled = new Problem("rule-broken", "The goods of the order are being collected already.", {
  rule: "order-cannot-be-cancelled",
});
