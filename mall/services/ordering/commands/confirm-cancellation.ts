import { isRefusal, type MessageOf, type Refusal, type Transaction } from "tidings";
import { changeOrder } from "../change-order.ts";
import type { ConfirmCancellation } from "../contract.ts";
import { cancel } from "../decide-order.ts";

/** Carries out ConfirmCancellation; repeated on a cancelled order, it answers done again. */
export async function confirmCancellation(
  command: MessageOf<typeof ConfirmCancellation>,
  tx: Transaction,
): Promise<{ orderId: string } | Refusal> {
  const { orderId } = command.data;
  const order = await changeOrder(tx, orderId, (state) => cancel(state));
  return isRefusal(order) ? order : { orderId };
}
