import { BasketCheckedOut } from "@mall/baskets/contract";
import { CheckoutProgressed } from "@mall/checkout/contract";
import { ShoppingListCompleted } from "@mall/depot/contract";
import { InvoicePaid } from "@mall/payments/contract";
import { defineService, follows, handles, liveTopic, on } from "tidings";
import { abandonCancellation } from "./commands/abandon-cancellation.ts";
import { approveOrder } from "./commands/approve-order.ts";
import { beginCancellation } from "./commands/begin-cancellation.ts";
import { confirmCancellation } from "./commands/confirm-cancellation.ts";
import { rejectOrder } from "./commands/reject-order.ts";
import {
  AbandonCancellation,
  ApproveOrder,
  BeginCancellation,
  ConfirmCancellation,
  OrderApproved,
  OrderCancellationAbandoned,
  OrderCancellationRequested,
  OrderCancelled,
  OrderCompleted,
  OrderPlaced,
  OrderReadied,
  OrderRejected,
  RejectOrder,
} from "./contract.ts";
import { onBasketCheckedOut } from "./handlers/on-basket-checked-out.ts";
import { onInvoicePaid } from "./handlers/on-invoice-paid.ts";
import { onShoppingListCompleted } from "./handlers/on-shopping-list-completed.ts";
import { http } from "./http.ts";
import { ordersView, readOrders } from "./views/orders.ts";

/** Keeps the orders, from the checkout to one of their ends. */
export const ordering = defineService("ordering", {
  publishes: [
    OrderPlaced,
    OrderApproved,
    OrderRejected,
    OrderReadied,
    OrderCompleted,
    OrderCancellationRequested,
    OrderCancellationAbandoned,
    OrderCancelled,
  ],
  accepts: [
    handles(ApproveOrder, approveOrder),
    handles(RejectOrder, rejectOrder),
    handles(BeginCancellation, beginCancellation),
    handles(ConfirmCancellation, confirmCancellation),
    handles(AbandonCancellation, abandonCancellation),
  ],
  reacts: [
    on(BasketCheckedOut, onBasketCheckedOut),
    on(ShoppingListCompleted, onShoppingListCompleted),
    on(InvoicePaid, onInvoicePaid),
    follows(CheckoutProgressed),
  ],
  views: [ordersView],
  live: [liveTopic("orders", { read: readOrders })],
  migrations: new URL("./migrations/", import.meta.url),
  http,
});
