import { money } from "@mall/common/money";
import { isRefusal } from "tidings";
import { describe, expect, it } from "vitest";
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
import { Order, type OrderDetails, type OrderEvent, type OrderState, type OrderStatus } from "./order.ts";

const details: OrderDetails = {
  customerId: "mina",
  paymentId: "hold",
  items: [
    {
      productId: "ink",
      productName: "Ink",
      storeId: "lantern",
      storeName: "Lantern",
      quantity: 2,
      price: money(1299),
    },
  ],
  total: money(2598),
};
const placed: OrderEvent = { type: "OrderPlaced", data: details };
const approved: OrderEvent = { type: "OrderApproved", data: { shoppingListId: "list" } };
const rejected: OrderEvent = { type: "OrderRejected", data: { reason: "payment-declined" } };
const readied: OrderEvent = { type: "OrderReadied", data: {} };
const completed: OrderEvent = { type: "OrderCompleted", data: { invoiceId: "invoice" } };
const requested = requestedAs("first");
const collected: OrderEvent = { type: "GoodsCollected", data: {} };
const cancelled: OrderEvent = { type: "OrderCancelled", data: {} };

function requestedAs(cancellationId: string): OrderEvent {
  return { type: "OrderCancellationRequested", data: { cancellationId } };
}

function abandoned(status: "pending" | "approved"): OrderEvent {
  return { type: "OrderCancellationAbandoned", data: { reason: "shopping-has-begun", status } };
}

function orderAfter(...events: OrderEvent[]): OrderState {
  return events.reduce((state, event) => Order.evolve(state, event), Order.initial);
}

/** The events, or the rule that refused. */
function outcome(decision: OrderDecision): readonly OrderEvent[] | string {
  return isRefusal(decision) ? decision.rule : decision;
}

const orders = {
  absent: orderAfter(),
  pending: orderAfter(placed),
  approved: orderAfter(placed, approved),
  ready: orderAfter(placed, approved, readied),
  completed: orderAfter(placed, approved, readied, completed),
  rejected: orderAfter(placed, rejected),
  "cancelling (pending)": orderAfter(placed, requested),
  "cancelling (approved)": orderAfter(placed, approved, requested),
  "cancelling (collected)": orderAfter(placed, approved, requested, collected),
  cancelled: orderAfter(placed, approved, requested, cancelled),
} satisfies Record<string, OrderState>;
type Row = readonly (string | readonly OrderEvent[])[];

const commands: Readonly<Record<string, (order: OrderState) => OrderDecision>> = {
  approve: (order) => approve(order, "list"),
  reject: (order) => reject(order, "payment-declined"),
  makeReady: (order) => makeReady(order, "list"),
  complete: (order) => complete(order, "invoice"),
  requestCancellation: (order) => requestCancellation(order, "first"),
  cancel: (order) => cancel(order, "first"),
  keep: (order) => keep(order, "first", "shopping-has-begun"),
};

const notPending = "order-is-not-pending";
const notApproved = "order-is-not-approved";
const notReady = "order-is-not-ready";
const final = "order-cannot-be-cancelled";
const notCancelling = "order-is-not-cancelling";
const again: readonly OrderEvent[] = [];

/** One row for each order above, one column for each command above. */
const table: Readonly<Record<keyof typeof orders, Row>> = {
  absent: [notPending, notPending, notApproved, notReady, final, notCancelling, notCancelling],
  pending: [[approved], [rejected], notApproved, notReady, [requested], notCancelling, notCancelling],
  approved: [again, notPending, [readied], notReady, [requested], notCancelling, notCancelling],
  ready: [notPending, notPending, again, [completed], final, notCancelling, notCancelling],
  completed: [notPending, notPending, notApproved, again, final, notCancelling, notCancelling],
  rejected: [notPending, again, notApproved, notReady, final, notCancelling, notCancelling],
  "cancelling (pending)": [
    notPending,
    notPending,
    notApproved,
    notReady,
    again,
    [cancelled],
    [abandoned("pending")],
  ],
  "cancelling (approved)": [
    notPending,
    notPending,
    [collected],
    notReady,
    again,
    [cancelled],
    [abandoned("approved")],
  ],
  "cancelling (collected)": [
    notPending,
    notPending,
    again,
    notReady,
    again,
    [cancelled],
    [abandoned("approved"), readied],
  ],
  cancelled: [notPending, notPending, notApproved, notReady, final, again, notCancelling],
};

describe("every command on every order", () => {
  const pairs = Object.entries(table).flatMap(([status, row]) =>
    Object.keys(commands).map((command, column) => [command, status, row[column]] as const),
  );

  it.each(pairs)("%s on an order that is %s", (command, status, expected) => {
    const order = orders[status as keyof typeof orders];
    expect(outcome((commands[command] as (order: OrderState) => OrderDecision)(order))).toEqual(expected);
  });

  it("reaches the statuses of the graph and no others", () => {
    const moves = new Set<string>();
    for (const [status, row] of Object.entries(table)) {
      const from = orders[status as keyof typeof orders];
      for (const decided of row) {
        if (typeof decided === "string") continue;
        let previous: OrderState = from;
        for (const event of decided) {
          const next = Order.evolve(previous, event);
          if (next.status !== previous.status) moves.add(`${previous.status} → ${next.status}`);
          previous = next;
        }
      }
    }
    expect([...moves].sort()).toEqual([
      "approved → cancelling",
      "approved → ready",
      "cancelling → approved",
      "cancelling → cancelled",
      "cancelling → pending",
      "pending → approved",
      "pending → cancelling",
      "pending → rejected",
      "ready → completed",
    ]);
  });
});

describe("an order", () => {
  it("is placed once: a repeat changes nothing, whatever became of it", () => {
    expect(place(orders.absent, details)).toEqual([placed]);
    for (const status of ["pending", "approved", "completed", "cancelled"] as const) {
      expect(place(orders[status], details)).toEqual([]);
    }
  });

  it("keeps what the checkout fixed through its whole life", () => {
    for (const { customerId, paymentId, items, total, status } of Object.values(orders)) {
      if (status !== "absent") expect({ customerId, paymentId, items, total }).toEqual(details);
    }
  });

  it("shows its list, its invoice and its rejection", () => {
    expect(orders.completed).toMatchObject({ shoppingListId: "list", invoiceId: "invoice" });
    expect(orders.rejected).toMatchObject({ rejectionReason: "payment-declined" });
  });

  it("is not approved again with another list", () => {
    expect(outcome(approve(orders.approved, "another"))).toBe(notPending);
  });

  it("is not rejected again for another reason", () => {
    expect(outcome(reject(orders.rejected, "timed-out"))).toBe(notPending);
  });

  it("is not completed again by another invoice", () => {
    expect(outcome(complete(orders.completed, "another"))).toBe(notReady);
  });

  it.each(["approved", "ready", "cancelling (approved)"] as const)(
    "does not become ready by the list of another order when it is %s",
    (status) => {
      expect(outcome(makeReady(orders[status], "another"))).toBe("shopping-list-is-of-another-order");
    },
  );

  it.each([
    ["pending", orderAfter(placed, requested, abandoned("pending"))],
    ["approved", orderAfter(placed, approved, requested, abandoned("approved"))],
    ["ready", orderAfter(placed, approved, requested, collected, abandoned("approved"), readied)],
  ] satisfies [OrderStatus, OrderState][])(
    "that is %s after an abandoned cancellation answers a repeated abandonment as before",
    (status, order) => {
      expect(order.status).toBe(status);
      expect(keep(order, "first", "shopping-has-begun")).toEqual([]);
      expect(outcome(keep(order, "another", "shopping-has-begun"))).toBe(notCancelling);
    },
  );

  it("can be cancelled after a cancellation was abandoned", () => {
    const order = orderAfter(placed, approved, requested, abandoned("approved"), requestedAs("second"));
    expect(order.status).toBe("cancelling");
    expect(cancel(order, "second")).toEqual([cancelled]);
  });

  it("that is cancelling again is neither cancelled nor kept by what is left of an earlier cancellation", () => {
    const order = orderAfter(placed, approved, requested, abandoned("approved"), requestedAs("second"));
    expect(outcome(cancel(order, "first"))).toBe(notCancelling);
    expect(outcome(keep(order, "first", "shopping-has-begun"))).toBe(notCancelling);
  });

  it("that was cancelled in the end is not kept for the reason of an earlier abandonment", () => {
    const order = orderAfter(placed, requested, abandoned("pending"), requestedAs("second"), cancelled);
    expect(outcome(keep(order, "first", "shopping-has-begun"))).toBe(notCancelling);
    expect(outcome(cancel(order, "first"))).toBe(notCancelling);
  });

  it("says in a refusal what it is", () => {
    expect(complete(orders.pending, "invoice")).toMatchObject({
      detail: "The order is pending: it cannot be completed now.",
    });
  });
});
