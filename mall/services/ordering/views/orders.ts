import { type EventContext, type LiveRow, type LiveSql, type Transaction, view } from "tidings";
import { Order, type OrderDetails, type OrderState } from "../order.ts";
import type { OrderResource } from "../schemas.ts";

/** The table `orders`: one row for each order, as it is answered, with its version. */
export const ordersView = view(Order, {
  OrderPlaced: insertOrder,
  OrderApproved: ({ shoppingListId }, at, tx) => updateOrder(tx, at, { status: "approved", shoppingListId }),
  OrderRejected: ({ reason }, at, tx) => updateOrder(tx, at, { status: "rejected", rejectionReason: reason }),
  OrderReadied: (_, at, tx) => updateOrder(tx, at, { status: "ready" }),
  OrderCompleted: ({ invoiceId }, at, tx) => updateOrder(tx, at, { status: "completed", invoiceId }),
  OrderCancellationRequested: (_, at, tx) => updateOrder(tx, at, { status: "cancelling" }),
  GoodsCollected: (_, at, tx) => updateOrder(tx, at, {}),
  OrderCancellationAbandoned: ({ status }, at, tx) => updateOrder(tx, at, { status }),
  OrderCancelled: (_, at, tx) => updateOrder(tx, at, { status: "cancelled" }),
});

function insertOrder(
  { customerId, paymentId, items, total }: OrderDetails,
  at: EventContext,
  tx: Transaction,
) {
  return tx.query(
    `insert into orders (id, version, customer_id, payment_id, status, items, total)
     values ($1, $2, $3, $4, 'pending', $5, $6)`,
    [at.id, at.version, customerId, paymentId, JSON.stringify(items), total],
  );
}

/** Sets what the change names and leaves the rest. */
function updateOrder(tx: Transaction, at: EventContext, change: Partial<OrderState>) {
  return tx.query(
    `update orders
     set version = $2,
         status = coalesce($3, status),
         shopping_list_id = coalesce($4, shopping_list_id),
         invoice_id = coalesce($5, invoice_id),
         rejection_reason = coalesce($6, rejection_reason)
     where id = $1`,
    [at.id, at.version, change.status, change.shoppingListId, change.invoiceId, change.rejectionReason],
  );
}

interface FoundOrder {
  readonly order: OrderResource;
  readonly version: number;
}

const resource = `json_strip_nulls(json_build_object(
  'id', id, 'customerId', customer_id, 'paymentId', payment_id, 'status', status, 'items', items, 'total', total,
  'shoppingListId', shopping_list_id, 'invoiceId', invoice_id, 'rejectionReason', rejection_reason))`;

/** One order and its version, or undefined. */
export async function findOrder(query: Transaction["query"], id: string): Promise<FoundOrder | undefined> {
  const text = `select version, ${resource} as "order" from orders where id = $1`;
  const { rows } = await query<FoundOrder>(text, [id]);
  return rows[0];
}

/** Orders for those who follow them. */
export async function readOrders(query: LiveSql, ids: readonly string[]): Promise<LiveRow[]> {
  const { rows } = await query<FoundOrder>(
    `select version, ${resource} as "order" from orders where id = any ($1::uuid[])`,
    [ids],
  );
  return rows.map(({ order, version }) => ({ id: order.id, version, owner: order.customerId, data: order }));
}
