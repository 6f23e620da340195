import { completeOperation, isRefusal, type MessageOf, type Refusal, type Transaction } from "tidings";
import { changeOrder } from "../change-order.ts";
import type { ConfirmCancellation } from "../contract.ts";
import { cancel } from "../decide-order.ts";

/** Carries out ConfirmCancellation and ends its operation; repeated on a cancelled order, it answers done again. */
export async function confirmCancellation(
  command: MessageOf<typeof ConfirmCancellation>,
  tx: Transaction,
): Promise<{ orderId: string } | Refusal> {
  const { orderId, cancellationId } = command.data;
  const order = await changeOrder(tx, orderId, (state) => cancel(state, cancellationId));
  if (isRefusal(order)) return order;
  await completeOperation(tx, cancellationId, { orderId, status: "cancelled" });
  return { orderId };
}
