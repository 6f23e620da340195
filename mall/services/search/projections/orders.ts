import {
  OrderApproved,
  OrderCancellationAbandoned,
  OrderCancellationRequested,
  OrderCancelled,
  OrderCompleted,
  OrderPlaced,
  OrderReadied,
  OrderRejected,
} from "@mall/ordering/contract";
import { type MessageOf, on, projection, type Transaction } from "tidings";
import type { OrderStatus } from "../schemas.ts";

/** The table `orders`: every order as it is now. All events of one order are in order. */
export const orders = projection(
  "orders",
  [
    on(OrderPlaced, placeOrder),
    on(OrderApproved, ({ data }, tx) =>
      updateOrder(tx, data.orderId, "approved", { shoppingListId: data.shoppingListId }),
    ),
    on(OrderRejected, ({ data }, tx) =>
      updateOrder(tx, data.orderId, "rejected", { rejectionReason: data.reason }),
    ),
    on(OrderReadied, ({ data }, tx) => updateOrder(tx, data.orderId, "ready")),
    on(OrderCompleted, ({ data }, tx) =>
      updateOrder(tx, data.orderId, "completed", { invoiceId: data.invoiceId }),
    ),
    on(OrderCancellationRequested, ({ data }, tx) => updateOrder(tx, data.orderId, "cancelling")),
    on(OrderCancellationAbandoned, ({ data }, tx) => updateOrder(tx, data.orderId, data.status)),
    on(OrderCancelled, ({ data }, tx) => updateOrder(tx, data.orderId, "cancelled")),
  ],
  { tables: ["orders"] },
);

function placeOrder({ data, time }: MessageOf<typeof OrderPlaced>, tx: Transaction) {
  const { orderId, customerId, paymentId, items, total } = data;
  return tx.query(
    `insert into orders (id, customer_id, payment_id, status, items, amount, currency, placed_at)
     values ($1, $2, $3, 'pending', $4, $5, $6, $7)`,
    [orderId, customerId, paymentId, JSON.stringify(items), total.amount, total.currency, time],
  );
}

interface OrderChange {
  readonly shoppingListId?: string;
  readonly invoiceId?: string;
  readonly rejectionReason?: string;
}

/** Sets the status and what the change names, and leaves the rest. */
function updateOrder(tx: Transaction, id: string, status: OrderStatus, change: OrderChange = {}) {
  return tx.query(
    `update orders
     set status = $2,
         shopping_list_id = coalesce($3, shopping_list_id),
         invoice_id = coalesce($4, invoice_id),
         rejection_reason = coalesce($5, rejection_reason)
     where id = $1`,
    [id, status, change.shoppingListId, change.invoiceId, change.rejectionReason],
  );
}
