import { type AggregateRoot, isRefusal, notFound, type Refusal, type Transaction } from "tidings";
import type { OrderDecision } from "./decide-order.ts";
import { publishOrderEvents } from "./integration-events.ts";
import { Order, type OrderEvent, type OrderState } from "./order.ts";

/**
 * Loads an order, decides, stores what happened and publishes it: all in this transaction, or nothing.
 * Refuses with `not-found` when there is no such order.
 */
export async function changeOrder(
  tx: Transaction,
  orderId: string,
  decide: (order: OrderState) => OrderDecision,
): Promise<AggregateRoot<OrderState, OrderEvent> | Refusal> {
  const order = await tx.load(Order, orderId);
  if (order.version === 0) return notFound("order", orderId);
  return recordOrder(tx, order, decide(order.state));
}

/** Stores and publishes what was decided about a loaded order; a refusal is passed on. */
export async function recordOrder(
  tx: Transaction,
  order: AggregateRoot<OrderState, OrderEvent>,
  decided: OrderDecision,
): Promise<AggregateRoot<OrderState, OrderEvent> | Refusal> {
  if (isRefusal(decided)) return decided;
  const changed = await tx.append(order, decided);
  publishOrderEvents(tx, changed, decided);
  return changed;
}
