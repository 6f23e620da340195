import { money } from "@mall/common/money";
import fc from "fast-check";
import { isRefusal } from "tidings";
import { expect, it } from "vitest";
import {
  approve,
  cancel,
  complete,
  keep,
  makeReady,
  type OrderDecision,
  place,
  reject,
  requestCancellation,
} from "./decide-order.ts";
import { Order, type OrderDetails, type OrderState } from "./order.ts";

const details: OrderDetails = {
  customerId: "mina",
  paymentId: "hold",
  items: [
    { productId: "ink", productName: "Ink", storeId: "a", storeName: "A", quantity: 2, price: money(1299) },
    { productId: "wax", productName: "Wax", storeId: "b", storeName: "B", quantity: 7, price: money(5) },
  ],
  total: money(2633),
};

const id = fc.constantFrom("one", "two");
const command = fc.oneof(
  fc.constant((order: OrderState): OrderDecision => place(order, details)),
  id.map((list) => (order: OrderState) => approve(order, list)),
  fc
    .constantFrom("payment-declined" as const, "timed-out" as const)
    .map((reason) => (order: OrderState) => reject(order, reason)),
  id.map((list) => (order: OrderState) => makeReady(order, list)),
  id.map((invoice) => (order: OrderState) => complete(order, invoice)),
  id.map((cancellation) => (order: OrderState) => requestCancellation(order, cancellation)),
  id.map((cancellation) => (order: OrderState) => cancel(order, cancellation)),
  id.map((cancellation) => (order: OrderState) => keep(order, cancellation, "shopping-has-begun")),
);

const graph = [
  "absent → pending",
  "pending → approved",
  "pending → rejected",
  "pending → cancelling",
  "approved → ready",
  "approved → cancelling",
  "cancelling → pending",
  "cancelling → approved",
  "cancelling → cancelled",
  "ready → completed",
];
const ends = ["completed", "rejected", "cancelled"];

/** Lets the commands happen one after the other and shows each state after an event to the check. */
function live(
  commands: ((order: OrderState) => OrderDecision)[],
  check: (before: OrderState, after: OrderState) => void,
) {
  let order = Order.initial;
  for (const decide of commands) {
    const decided = decide(order);
    for (const event of isRefusal(decided) ? [] : decided) {
      const before = order;
      order = Order.evolve(order, event);
      check(before, order);
    }
  }
  return order;
}

const commands = fc.array(command, { maxLength: 40 });

it("No sequence of commands brings an order outside its graph, and an order that has ended stays as it is.", () => {
  fc.assert(
    fc.property(commands, (commands) => {
      live(commands, (before, after) => {
        if (before.status !== after.status) expect(graph).toContain(`${before.status} → ${after.status}`);
        expect(ends, "an ended order has no further event").not.toContain(before.status);
      });
    }),
  );
});

it("Whatever happens to an order, it is over what was ordered: its total equals its lines.", () => {
  fc.assert(
    fc.property(commands, (commands) => {
      live(commands, (_, { items, total }) => {
        expect(items).toEqual(details.items);
        expect(items.reduce((sum, { price, quantity }) => sum + price.amount * quantity, 0)).toBe(
          total.amount,
        );
      });
    }),
  );
});

it("An order says why it was rejected, by which list it is collected and by which invoice it was paid.", () => {
  fc.assert(
    fc.property(commands, (commands) => {
      live(commands, (_, order) => {
        expect(order.rejectionReason !== undefined).toBe(order.status === "rejected");
        expect(order.invoiceId !== undefined).toBe(order.status === "completed");
        if (["approved", "ready", "completed"].includes(order.status))
          expect(order.shoppingListId).toBeDefined();
        if (order.status === "cancelling" || order.status === "cancelled")
          expect(order.cancellationId).toBeDefined();
      });
    }),
  );
});

it("A command that was carried out is carried out again without any event, or refused.", () => {
  fc.assert(
    fc.property(commands, command, (commands, last) => {
      const order = live(commands, () => {});
      const decided = last(order);
      if (isRefusal(decided) || decided.length === 0) return;
      const after = decided.reduce((state, event) => Order.evolve(state, event), order);
      const again = last(after);
      expect(isRefusal(again) || again.length === 0).toBe(true);
    }),
  );
});
