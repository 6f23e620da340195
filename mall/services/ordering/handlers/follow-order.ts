import { isRefusal, ParkMessage, type Transaction } from "tidings";
import { changeOrder } from "../change-order.ts";
import type { OrderDecision } from "../decide-order.ts";
import type { OrderState } from "../order.ts";

/**
 * Lets an order follow what has happened elsewhere and cannot be refused.
 * @throws ParkMessage when the order cannot follow: trying again would not help, somebody has to look
 */
export async function followOrder(
  tx: Transaction,
  orderId: string,
  decide: (order: OrderState) => OrderDecision,
): Promise<void> {
  const order = await changeOrder(tx, orderId, decide);
  if (isRefusal(order)) throw new ParkMessage(`${order.rule}: ${order.detail}`);
}
