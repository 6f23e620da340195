import { isRefusal, type MessageOf, type Refusal, type Transaction } from "tidings";
import { changeOrder } from "../change-order.ts";
import type { BeginCancellation } from "../contract.ts";
import { requestCancellation } from "../decide-order.ts";

/** Carries out BeginCancellation; repeated while the order is cancelling, it answers done again. */
export async function beginCancellation(
  command: MessageOf<typeof BeginCancellation>,
  tx: Transaction,
): Promise<{ orderId: string } | Refusal> {
  const { orderId } = command.data;
  const order = await changeOrder(tx, orderId, (state) => requestCancellation(state));
  return isRefusal(order) ? order : { orderId };
}
