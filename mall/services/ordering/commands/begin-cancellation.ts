import { isRefusal, type MessageOf, type Refusal, type Transaction } from "tidings";
import type { BeginCancellation } from "../contract.ts";
import { cancelOrder } from "./cancel-order.ts";

/** Carries out BeginCancellation; repeated while the order is cancelling, it answers done again. */
export async function beginCancellation(
  command: MessageOf<typeof BeginCancellation>,
  tx: Transaction,
): Promise<{ orderId: string } | Refusal> {
  const { orderId } = command.data;
  const operation = await cancelOrder(tx, orderId);
  return isRefusal(operation) ? operation : { orderId };
}
