import { cancelOrderSteps } from "@mall/checkout/contract";
import {
  isRefusal,
  notFound,
  type Operation,
  type Refusal,
  readOperation,
  startOperation,
  type Transaction,
  uuidv7,
} from "tidings";
import { requestCancellation } from "../decide-order.ts";
import { publishOrderEvents } from "../integration-events.ts";
import { Order } from "../order.ts";

export interface CancelOptions {
  /** Whether the caller may know of an order of this customer; else it is not found. Everybody may when left out. */
  readonly maySee?: (customerId: string) => boolean;
  readonly expectedVersion?: number | undefined;
}

/**
 * Begins to cancel an order. The cancellation and the operation that follows it have one id; while the order is
 * cancelling, a repeat answers the same operation. Refused: `not-found`, `order-cannot-be-cancelled`.
 */
export async function cancelOrder(
  tx: Transaction,
  orderId: string,
  { maySee = () => true, expectedVersion }: CancelOptions = {},
): Promise<Operation | Refusal> {
  const order = await tx.load(Order, orderId);
  const { customerId: owner, status, cancellationId: known } = order.state;
  if (order.version === 0 || !maySee(owner)) return notFound("order", orderId);
  await tx.load(Order, orderId, { expectedVersion });
  const running = status === "cancelling" && known ? await readOperation(tx, known) : undefined;
  if (running) return running;
  const id = uuidv7(tx.now().getTime());
  const events = requestCancellation(order.state, id);
  if (isRefusal(events)) return events;
  publishOrderEvents(tx, await tx.append(order, events), events, { operationId: id });
  const steps = status === "approved" ? cancelOrderSteps : (["ConfirmCancellation"] as const);
  return startOperation(tx, { id, kind: "cancel-order", owner, metadata: { orderId }, steps });
}
