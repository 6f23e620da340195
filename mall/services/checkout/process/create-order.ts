import { AuthorizeCustomer } from "@mall/customers/contract";
import { CancelShoppingList, CreateShoppingList, InitiateShopping } from "@mall/depot/contract";
import {
  ApproveOrder,
  ConfirmCancellation,
  OrderCancellationRequested,
  OrderPlaced,
  RejectOrder,
} from "@mall/ordering/contract";
import { ConfirmPayment, ReleasePayment } from "@mall/payments/contract";
import { abortOn, type DataOf, defineSaga } from "tidings";
import { CheckoutProgressed } from "../contract.ts";
import { orderProblem } from "../order-problem.ts";
import { rejectionReasonOf } from "../rejection-reason.ts";

interface CreateOrder extends DataOf<typeof OrderPlaced> {
  readonly shoppingListId?: string;
  /** The cancellation that somebody has asked for meanwhile. */
  readonly cancellationId?: string;
}

/**
 * Makes an order that was placed: approved, or rejected with everything undone, or cancelled when the shopper wants
 * that before it is approved.
 *
 * Shopping begins after the approval, so that nobody collects the goods of an order that may still be rejected.
 */
export const createOrder = defineSaga("CreateOrder", {
  startedBy: OrderPlaced,
  start: ({ data }): CreateOrder => data,
  steps: ({ step }) => [
    step("AuthorizeCustomer").invoke(AuthorizeCustomer, ({ customerId }) => ({ customerId })),
    step("CreateShoppingList")
      .invoke(CreateShoppingList, ({ orderId, items }) => ({ orderId, items: items.map(whatToCollect) }))
      .onReply((order, { shoppingListId }) => ({ ...order, shoppingListId }))
      .compensate(CancelShoppingList, ({ orderId }) => ({ orderId })),
    step("ConfirmPayment")
      .invoke(ConfirmPayment, ({ paymentId, customerId, orderId, total }) => {
        return { paymentId, customerId, orderId, amount: total };
      })
      .compensate(ReleasePayment, ({ paymentId, orderId }) => ({ paymentId, orderId })),
    step("ApproveOrder")
      .invoke(ApproveOrder, withList)
      .pivot()
      .revoke(RejectOrder, ({ orderId }) => ({ orderId, reason: "timed-out" })),
    step("InitiateShopping").invoke(InitiateShopping, withList).accept(["shopping-list-cancelled"]),
  ],
  whenCompensated: ({ step }) => [
    step("RejectOrder")
      .invoke(RejectOrder, ({ orderId }, reason) => ({ orderId, reason: rejectionReasonOf(reason) }))
      .when(({ cancellationId }) => cancellationId === undefined)
      .accept((_, { cancellationId }) => cancellationId !== undefined),
    step("ConfirmCancellation")
      .invoke(ConfirmCancellation, ({ orderId, cancellationId = "" }) => ({ orderId, cancellationId }))
      .when(({ cancellationId }) => cancellationId !== undefined),
  ],
  abortedBy: [
    abortOn(OrderCancellationRequested, {
      reason: "order-cancelled",
      when: ({ data }) => data.status === "pending",
      evolve: (order: CreateOrder, { data }) => ({ ...order, cancellationId: data.cancellationId }),
    }),
  ],
  progress: CheckoutProgressed,
  outcome: {
    completed: ({ orderId, shoppingListId }) => ({ orderId, shoppingListId, status: "approved" }),
    compensated: ({ cancellationId }, reason) =>
      orderProblem(cancellationId === undefined ? rejectionReasonOf(reason) : "order-cancelled"),
  },
});

function whatToCollect({ productId, quantity }: CreateOrder["items"][number]) {
  return { productId, quantity };
}

function withList({ orderId, shoppingListId = "" }: CreateOrder) {
  return { orderId, shoppingListId };
}
