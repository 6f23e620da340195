import { CustomerRegistered } from "@mall/customers/contract";
import {
  OrderApproved,
  OrderCancelled,
  OrderCompleted,
  OrderPlaced,
  OrderReadied,
  OrderRejected,
} from "@mall/ordering/contract";
import { defineService, on } from "tidings";
import { notify } from "./handlers/notify.ts";
import { onCustomerRegistered } from "./handlers/on-customer-registered.ts";
import { http } from "./http.ts";
import { approvedText, cancelledText, paidText, placedText, readyText, rejectedText } from "./texts.ts";

/** Tells shoppers what happens to their orders. It publishes nothing. */
export const notifications = defineService("notifications", {
  reacts: [
    on(CustomerRegistered, onCustomerRegistered),
    on(OrderPlaced, notify("placed", placedText)),
    on(OrderApproved, notify("approved", approvedText)),
    on(OrderRejected, notify("rejected", rejectedText)),
    on(OrderReadied, notify("ready", readyText)),
    on(OrderCompleted, notify("paid", paidText)),
    on(OrderCancelled, notify("cancelled", cancelledText)),
  ],
  migrations: new URL("./migrations/", import.meta.url),
  http,
});
