import { defineProgress } from "tidings";

/** Tells how far the making of an order, or its cancellation, is: to whoever keeps the operation that it belongs to. */
export const CheckoutProgressed = defineProgress("checkout");

/** The steps in which an order is made, as {@link CheckoutProgressed} names them. */
export const createOrderSteps = [
  "AuthorizeCustomer",
  "CreateShoppingList",
  "ConfirmPayment",
  "ApproveOrder",
  "InitiateShopping",
] as const;

/** The steps in which an approved order is cancelled. */
export const cancelOrderSteps = ["CancelShoppingList", "ReleasePayment", "ConfirmCancellation"] as const;
