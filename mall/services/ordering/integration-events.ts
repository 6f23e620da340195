import type { AggregateRoot, RecordOptions, Transaction } from "tidings";
import {
  OrderApproved,
  OrderCancellationAbandoned,
  OrderCancellationRequested,
  OrderCancelled,
  OrderCompleted,
  OrderPlaced,
  OrderReadied,
  OrderRejected,
} from "./contract.ts";
import { type OrderEvent, type OrderState, statusBeforeCancelling } from "./order.ts";

/** Records what other services may know of an order's new events, in the same transaction. */
export function publishOrderEvents(
  tx: Transaction,
  order: AggregateRoot<OrderState, OrderEvent>,
  events: readonly OrderEvent[],
  options: RecordOptions = {},
): void {
  for (const event of events) publishOrderEvent(tx, order, event, options);
}

function publishOrderEvent(
  tx: Transaction,
  { id: orderId, state: order }: AggregateRoot<OrderState, OrderEvent>,
  event: OrderEvent,
  options: RecordOptions,
): void {
  const { customerId, paymentId, total } = order;
  switch (event.type) {
    case "OrderPlaced":
      return void tx.publish(OrderPlaced, { orderId, ...event.data, items: [...event.data.items] });
    case "OrderApproved":
      return void tx.publish(OrderApproved, { orderId, customerId, ...event.data });
    case "OrderRejected":
      return void tx.publish(OrderRejected, { orderId, customerId, ...event.data });
    case "OrderReadied":
      return void tx.publish(OrderReadied, { orderId, customerId, paymentId, total });
    case "OrderCompleted":
      return void tx.publish(OrderCompleted, { orderId, customerId, ...event.data });
    case "OrderCancellationRequested":
      return void tx.publish(OrderCancellationRequested, cancellationOf(orderId, order), options);
    case "OrderCancellationAbandoned":
      return void tx.publish(OrderCancellationAbandoned, { orderId, customerId, ...event.data });
    case "OrderCancelled":
      return void tx.publish(OrderCancelled, { orderId, customerId });
    case "GoodsCollected":
      return; // told to nobody: OrderReadied follows, or OrderCancelled
  }
}

function cancellationOf(orderId: string, order: OrderState) {
  const { customerId, paymentId, shoppingListId, cancellationId = "" } = order;
  const list = shoppingListId === undefined ? {} : { shoppingListId };
  return { orderId, customerId, paymentId, cancellationId, status: statusBeforeCancelling(order), ...list };
}
