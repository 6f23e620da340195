import { isRefusal, type MessageOf, type Refusal, type Transaction } from "tidings";
import { changeOrder } from "../change-order.ts";
import type { RejectOrder } from "../contract.ts";
import { reject } from "../decide-order.ts";

/** Carries out RejectOrder; repeated with the same reason, it answers done again. */
export async function rejectOrder(
  command: MessageOf<typeof RejectOrder>,
  tx: Transaction,
): Promise<{ orderId: string } | Refusal> {
  const { orderId, reason } = command.data;
  const order = await changeOrder(tx, orderId, (state) => reject(state, reason));
  return isRefusal(order) ? order : { orderId };
}
