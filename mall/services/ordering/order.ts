// States and moves:
//
//   pending ──▶ approved ──▶ ready ──▶ completed
//    │  ▲ │       │  ▲
//    │  │ └▶ rejected │
//    ▼  │         ▼  │   (an abandoned cancellation leads back to where it began)
//    cancelling ──▶ cancelled
//
// While an approved order is cancelling, its goods may still be collected: that is noted, and if the cancellation is
// abandoned the order becomes ready at once. Decisions are in decide-order.ts.

import type { Money } from "@mall/common/money";
import { defineAggregate } from "tidings";
import type { OrderItem, RejectionReason } from "./contract.ts";

export const orderStatuses = [
  "pending",
  "approved",
  "ready",
  "completed",
  "rejected",
  "cancelling",
  "cancelled",
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** What a shopper ordered, as the checkout fixed it. */
export interface OrderDetails {
  readonly customerId: string;
  readonly paymentId: string;
  readonly items: readonly OrderItem[];
  readonly total: Money;
}

/** An order as its events make it; `absent` before the first. */
export interface OrderState extends OrderDetails {
  readonly status: OrderStatus | "absent";
  readonly shoppingListId?: string;
  readonly invoiceId?: string;
  readonly rejectionReason?: RejectionReason;
  /** The goods were collected while the order was cancelling. */
  readonly isCollected: boolean;
  /** The last cancellation that somebody asked for. */
  readonly cancellationId?: string;
}

export type OrderEvent =
  | { readonly type: "OrderPlaced"; readonly data: OrderDetails }
  | { readonly type: "OrderApproved"; readonly data: { readonly shoppingListId: string } }
  | { readonly type: "OrderRejected"; readonly data: { readonly reason: RejectionReason } }
  | { readonly type: "OrderReadied"; readonly data: Readonly<Record<string, never>> }
  | { readonly type: "OrderCompleted"; readonly data: { readonly invoiceId: string } }
  | { readonly type: "OrderCancellationRequested"; readonly data: { readonly cancellationId: string } }
  | { readonly type: "GoodsCollected"; readonly data: Readonly<Record<string, never>> }
  | {
      readonly type: "OrderCancellationAbandoned";
      readonly data: { readonly reason: string; readonly status: "pending" | "approved" };
    }
  | { readonly type: "OrderCancelled"; readonly data: Readonly<Record<string, never>> };

const absent: OrderState = {
  status: "absent",
  customerId: "",
  paymentId: "",
  items: [],
  total: { amount: 0, currency: "" },
  isCollected: false,
};

/** One shopper's order; its id is the one that the checkout made. */
export const Order = defineAggregate<OrderState, OrderEvent>("order", {
  initial: absent,
  evolve: {
    OrderPlaced: (order, details) => ({ ...order, ...details, status: "pending" }),
    OrderApproved: (order, { shoppingListId }) => ({ ...order, shoppingListId, status: "approved" }),
    OrderRejected: (order, { reason }) => ({ ...order, rejectionReason: reason, status: "rejected" }),
    OrderReadied: (order) => ({ ...order, status: "ready" }),
    OrderCompleted: (order, { invoiceId }) => ({ ...order, invoiceId, status: "completed" }),
    OrderCancellationRequested: (order, { cancellationId }) => {
      return { ...order, cancellationId, status: "cancelling" };
    },
    GoodsCollected: (order) => ({ ...order, isCollected: true }),
    OrderCancellationAbandoned: (order, { status }) => ({ ...order, status }),
    OrderCancelled: (order) => ({ ...order, status: "cancelled" }),
  },
});

/** The status that an order had before it was `cancelling`: only an approved order has a shopping list. */
export function statusBeforeCancelling(order: OrderState): "pending" | "approved" {
  return order.shoppingListId === undefined ? "pending" : "approved";
}
