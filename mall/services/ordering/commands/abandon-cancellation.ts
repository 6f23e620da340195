import { isRefusal, type MessageOf, type Refusal, type Transaction } from "tidings";
import { changeOrder } from "../change-order.ts";
import type { AbandonCancellation } from "../contract.ts";
import { keep } from "../decide-order.ts";

/** Carries out AbandonCancellation; repeated with the same reason on an order that went on, it answers done again. */
export async function abandonCancellation(
  command: MessageOf<typeof AbandonCancellation>,
  tx: Transaction,
): Promise<{ orderId: string } | Refusal> {
  const { orderId, reason } = command.data;
  const order = await changeOrder(tx, orderId, (state) => keep(state, reason));
  return isRefusal(order) ? order : { orderId };
}
