import { Id } from "@mall/common/id";
import { Money, money } from "@mall/common/money";
import { Code, Name } from "@mall/common/text";
import { defineCommand, defineEvent } from "tidings";
import { z } from "zod";

/** One line of an order: the product, its store and the price of one unit, as they were at the checkout. */
export const OrderItem = z.object({
  productId: Id,
  productName: Name,
  storeId: Id,
  storeName: Name,
  quantity: z.int().min(1).max(999),
  price: Money,
});
export type OrderItem = z.infer<typeof OrderItem>;

/** Why an order was rejected. */
export const RejectionReason = z.enum([
  "customer-unknown",
  "customer-disabled",
  "product-unavailable",
  "payment-unknown",
  "payment-not-yours",
  "payment-declined",
  "payment-already-used",
  "payment-too-small",
  "timed-out",
]);
export type RejectionReason = z.infer<typeof RejectionReason>;

const orderId = "01981f4a-7c00-7000-8000-000000000011";
const customerId = "01981f4a-7c00-7000-8000-000000000003";
const paymentId = "01981f4a-7c00-7000-8000-000000000012";
const shoppingListId = "01981f4a-7c00-7000-8000-000000000013";
const invoiceId = "01981f4a-7c00-7000-8000-000000000014";
const cancellationId = "01981f4a-7c00-7000-8000-000000000016";
const item = {
  productId: "01981f4a-7c00-7000-8000-000000000002",
  productName: "Travelling ink",
  storeId: "01981f4a-7c00-7000-8000-000000000001",
  storeName: "The Paper Lantern",
  quantity: 2,
  price: money(1299),
};

/** An order exists and is pending. `total` is the sum of its items. */
export const OrderPlaced = defineEvent("ordering.OrderPlaced", {
  key: "orderId",
  schema: z.object({
    orderId: Id,
    customerId: Id,
    paymentId: Id,
    items: z.array(OrderItem).min(1),
    total: Money,
  }),
  example: { orderId, customerId, paymentId, items: [item], total: money(2598) },
});

/** Everything that the order needs is there: its goods can be collected. */
export const OrderApproved = defineEvent("ordering.OrderApproved", {
  key: "orderId",
  schema: z.object({ orderId: Id, customerId: Id, shoppingListId: Id }),
  example: { orderId, customerId, shoppingListId },
});

/** The order cannot be carried out; it has ended. */
export const OrderRejected = defineEvent("ordering.OrderRejected", {
  key: "orderId",
  schema: z.object({ orderId: Id, customerId: Id, reason: RejectionReason }),
  example: { orderId, customerId, reason: "payment-declined" },
});

/** The goods are collected: `total` is due. */
export const OrderReadied = defineEvent("ordering.OrderReadied", {
  key: "orderId",
  schema: z.object({ orderId: Id, customerId: Id, paymentId: Id, total: Money }),
  example: { orderId, customerId, paymentId, total: money(2598) },
});

/** Somebody wants the order cancelled, under this id of its own. `status` is the one it had, to which it returns if that cannot be done. */
export const OrderCancellationRequested = defineEvent("ordering.OrderCancellationRequested", {
  key: "orderId",
  schema: z.object({
    orderId: Id,
    customerId: Id,
    paymentId: Id,
    cancellationId: Id,
    status: z.enum(["pending", "approved"]),
    shoppingListId: Id.optional(),
  }),
  example: { orderId, customerId, paymentId, cancellationId, status: "approved", shoppingListId },
});

/** The order could not be cancelled and goes on with the status that it had. */
export const OrderCancellationAbandoned = defineEvent("ordering.OrderCancellationAbandoned", {
  key: "orderId",
  schema: z.object({ orderId: Id, customerId: Id, status: z.enum(["pending", "approved"]), reason: Code }),
  example: { orderId, customerId, status: "approved", reason: "shopping-has-begun" },
});

/** The order is cancelled; it has ended. */
export const OrderCancelled = defineEvent("ordering.OrderCancelled", {
  key: "orderId",
  schema: z.object({ orderId: Id, customerId: Id }),
  example: { orderId, customerId },
});

/** The order is paid; it has ended. */
export const OrderCompleted = defineEvent("ordering.OrderCompleted", {
  key: "orderId",
  schema: z.object({ orderId: Id, customerId: Id, invoiceId: Id }),
  example: { orderId, customerId, invoiceId },
});

const reply = z.object({ orderId: Id });

/** Approve a pending order. Refused: `order-is-not-pending`. */
export const ApproveOrder = defineCommand("ordering.ApproveOrder", {
  key: "orderId",
  schema: z.object({ orderId: Id, shoppingListId: Id }),
  reply,
  example: { orderId, shoppingListId },
});

/** Reject a pending order. Refused: `order-is-not-pending`. */
export const RejectOrder = defineCommand("ordering.RejectOrder", {
  key: "orderId",
  schema: z.object({ orderId: Id, reason: RejectionReason }),
  reply,
  example: { orderId, reason: "payment-declined" },
});

/** Begin to cancel a pending or approved order. Refused: `order-cannot-be-cancelled`. */
export const BeginCancellation = defineCommand("ordering.BeginCancellation", {
  key: "orderId",
  schema: z.object({ orderId: Id }),
  reply,
  example: { orderId },
});

/** All that the order held has been given back: it is cancelled. Refused: `order-is-not-cancelling` under this id. */
export const ConfirmCancellation = defineCommand("ordering.ConfirmCancellation", {
  key: "orderId",
  schema: z.object({ orderId: Id, cancellationId: Id }),
  reply,
  example: { orderId, cancellationId },
});

/** The order cannot be cancelled any more: it goes on. Refused: `order-is-not-cancelling` under this id. */
export const AbandonCancellation = defineCommand("ordering.AbandonCancellation", {
  key: "orderId",
  schema: z.object({ orderId: Id, cancellationId: Id, reason: Code }),
  reply,
  example: { orderId, cancellationId, reason: "shopping-has-begun" },
});
