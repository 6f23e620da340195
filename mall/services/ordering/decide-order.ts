import { type Refusal, refuse } from "tidings";
import type { RejectionReason } from "./contract.ts";
import { type OrderDetails, type OrderEvent, type OrderState, statusBeforeCancelling } from "./order.ts";

/**
 * What each request does to an order: its events, none when it has been carried out before with the same data, or a
 * refusal when the move is not in the graph of order.ts.
 */
export type OrderDecision = readonly OrderEvent[] | Refusal;

const done: readonly OrderEvent[] = [];

/** Creates the order; an order that exists stays as it is. */
export function place(order: OrderState, details: OrderDetails): readonly OrderEvent[] {
  return order.status === "absent" ? [{ type: "OrderPlaced", data: details }] : done;
}

/** pending → approved. Refuses with `order-is-not-pending`. */
export function approve(order: OrderState, shoppingListId: string): OrderDecision {
  if (order.status === "pending") return [{ type: "OrderApproved", data: { shoppingListId } }];
  const isRepeat = order.status === "approved" && order.shoppingListId === shoppingListId;
  return isRepeat ? done : refused(order, "order-is-not-pending", "approved");
}

/** pending → rejected. Refuses with `order-is-not-pending`. */
export function reject(order: OrderState, reason: RejectionReason): OrderDecision {
  if (order.status === "pending") return [{ type: "OrderRejected", data: { reason } }];
  const isRepeat = order.status === "rejected" && order.rejectionReason === reason;
  return isRepeat ? done : refused(order, "order-is-not-pending", "rejected");
}

/**
 * approved → ready, when the depot has collected the goods. While the order is cancelling, the fact is noted.
 * Refuses with `order-is-not-approved` and `shopping-list-is-of-another-order`.
 */
export function makeReady(order: OrderState, shoppingListId: string): OrderDecision {
  const isApproved = order.status === "approved" || isCancellingAfterApproval(order);
  if (!isApproved && order.status !== "ready") return refused(order, "order-is-not-approved", "ready");
  if (order.shoppingListId !== shoppingListId) {
    const detail = `The shopping list ${shoppingListId} does not belong to the order.`;
    return refuse("shopping-list-is-of-another-order", detail);
  }
  if (order.status === "approved") return [{ type: "OrderReadied", data: {} }];
  return order.status === "ready" || order.isCollected ? done : [{ type: "GoodsCollected", data: {} }];
}

/** ready → completed, when the invoice is paid. Refuses with `order-is-not-ready`. */
export function complete(order: OrderState, invoiceId: string): OrderDecision {
  if (order.status === "ready") return [{ type: "OrderCompleted", data: { invoiceId } }];
  const isRepeat = order.status === "completed" && order.invoiceId === invoiceId;
  return isRepeat ? done : refused(order, "order-is-not-ready", "completed");
}

/**
 * pending or approved → cancelling, under an id of the cancellation's own; an order that is cancelling stays as it is.
 * Refuses with `order-cannot-be-cancelled`.
 */
export function requestCancellation(order: OrderState, cancellationId: string): OrderDecision {
  if (order.status === "pending" || order.status === "approved") {
    return [{ type: "OrderCancellationRequested", data: { cancellationId } }];
  }
  return order.status === "cancelling" ? done : refused(order, "order-cannot-be-cancelled", "cancelled");
}

/** cancelling → cancelled. Refuses with `order-is-not-cancelling`, also when it is cancelling under another id. */
export function cancel(order: OrderState, cancellationId: string): OrderDecision {
  const isMeant = order.cancellationId === cancellationId;
  if (isMeant && order.status === "cancelling") return [{ type: "OrderCancelled", data: {} }];
  if (isMeant && order.status === "cancelled") return done;
  return refused(order, "order-is-not-cancelling", "cancelled");
}

/**
 * cancelling → back to pending or approved, where it came from; on to ready when the goods were collected meanwhile.
 * Refuses with `order-is-not-cancelling`, also when it is cancelling under another id.
 */
export function keep(order: OrderState, cancellationId: string, reason: string): OrderDecision {
  const isMeant = order.cancellationId === cancellationId;
  if (isMeant && order.status === "cancelling") {
    const status = statusBeforeCancelling(order);
    const abandoned: OrderEvent = { type: "OrderCancellationAbandoned", data: { reason, status } };
    return order.isCollected ? [abandoned, { type: "OrderReadied", data: {} }] : [abandoned];
  }
  const isRepeat = isMeant && order.status !== "cancelled";
  return isRepeat ? done : refused(order, "order-is-not-cancelling", "kept");
}

function isCancellingAfterApproval(order: OrderState): boolean {
  return order.status === "cancelling" && statusBeforeCancelling(order) === "approved";
}

function refused(order: OrderState, rule: string, wish: string): Refusal {
  return refuse(rule, `The order is ${order.status}: it cannot be ${wish} now.`);
}
