import { defineService } from "tidings";
import { CheckoutProgressed } from "./contract.ts";
import { cancelOrder } from "./process/cancel-order.ts";
import { createOrder } from "./process/create-order.ts";

/** Leads orders through the services that they need: what is to be done, and what is undone when it cannot be. */
export const checkout = defineService("checkout", {
  publishes: [CheckoutProgressed],
  sagas: [createOrder, cancelOrder],
});
