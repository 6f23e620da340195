import { isRefusal, type MessageOf, type Refusal, type Transaction } from "tidings";
import { changeOrder } from "../change-order.ts";
import type { ApproveOrder } from "../contract.ts";
import { approve } from "../decide-order.ts";

/** Carries out ApproveOrder; repeated on an approved order with the same list, it answers done again. */
export async function approveOrder(
  command: MessageOf<typeof ApproveOrder>,
  tx: Transaction,
): Promise<{ orderId: string } | Refusal> {
  const { orderId, shoppingListId } = command.data;
  const order = await changeOrder(tx, orderId, (state) => approve(state, shoppingListId));
  return isRefusal(order) ? order : { orderId };
}
