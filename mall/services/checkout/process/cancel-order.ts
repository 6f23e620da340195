import { CancelShoppingList } from "@mall/depot/contract";
import {
  AbandonCancellation,
  ConfirmCancellation,
  OrderCancellationRequested,
} from "@mall/ordering/contract";
import { ReleasePayment } from "@mall/payments/contract";
import { defineSaga } from "tidings";
import { CheckoutProgressed } from "../contract.ts";

/**
 * Cancels an approved order, unless its goods are being collected: then it goes on. An order that is still pending is
 * cancelled by the saga that makes it.
 *
 * Whether the shopping list could be cancelled decides. A depot that does not answer is waited for: an order that went
 * on while its list is cancelled a little later would never be ready.
 */
export const cancelOrder = defineSaga("CancelOrder", {
  startedBy: OrderCancellationRequested,
  when: ({ data }) => data.status === "approved",
  id: ({ data }) => data.cancellationId,
  start: ({ data: { orderId, paymentId, cancellationId } }) => ({ orderId, paymentId, cancellationId }),
  steps: ({ step }) => [
    step("CancelShoppingList")
      .invoke(CancelShoppingList, ({ orderId }) => ({ orderId }))
      .pivot(),
    step("ReleasePayment").invoke(ReleasePayment, ({ paymentId, orderId }) => ({ paymentId, orderId })),
    step("ConfirmCancellation").invoke(ConfirmCancellation, ({ orderId, cancellationId }) => {
      return { orderId, cancellationId };
    }),
  ],
  whenCompensated: ({ step }) => [
    step("AbandonCancellation").invoke(AbandonCancellation, ({ orderId, cancellationId }, reason) => {
      return { orderId, cancellationId, reason };
    }),
  ],
  progress: CheckoutProgressed,
});
