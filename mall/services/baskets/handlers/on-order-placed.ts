import type { OrderPlaced } from "@mall/ordering/contract";
import { completeOperation, type MessageOf, type Transaction } from "tidings";
import { findOperation } from "../checkouts.ts";

/** Ends the operation of the checkout: so far its outcome is that the order exists. */
export async function onOrderPlaced(event: MessageOf<typeof OrderPlaced>, tx: Transaction): Promise<void> {
  const { orderId } = event.data;
  const operationId = await findOperation(tx, orderId);
  if (operationId !== undefined) await completeOperation(tx, operationId, { orderId, status: "pending" });
}
