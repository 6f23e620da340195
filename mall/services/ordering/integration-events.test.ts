import { money } from "@mall/common/money";
import { type AggregateRoot, type Contract, type Transaction, validate } from "tidings";
import { expect, it } from "vitest";
import { OrderPlaced } from "./contract.ts";
import { publishOrderEvents } from "./integration-events.ts";
import { Order, type OrderEvent, type OrderState } from "./order.ts";

const { orderId, ...details } = OrderPlaced.example as NonNullable<typeof OrderPlaced.example>;
const { customerId, paymentId } = details;
const shoppingListId = "01981f4a-7c00-7000-8000-0000000000aa";
const cancellationId = "01981f4a-7c00-7000-8000-0000000000cc";
const invoiceId = "01981f4a-7c00-7000-8000-0000000000bb";
const placed: OrderEvent = { type: "OrderPlaced", data: details };
const approved: OrderEvent = { type: "OrderApproved", data: { shoppingListId } };
const requested: OrderEvent = { type: "OrderCancellationRequested", data: { cancellationId } };

/** What an order's last event publishes, by contract name. */
function publishedBy(...events: OrderEvent[]) {
  const published: [string, unknown][] = [];
  const publish = (contract: Contract, data: unknown) => {
    expect(validate(contract.schema, data)).toEqual({ value: data });
    return published.push([contract.type.replace("ordering.", ""), data]);
  };
  const state = events.reduce((order: OrderState, event) => Order.evolve(order, event), Order.initial);
  const root: AggregateRoot<OrderState, OrderEvent> = {
    id: orderId,
    state,
    version: events.length,
    aggregate: Order,
  };
  publishOrderEvents({ publish } as unknown as Transaction, root, events.slice(-1));
  return published;
}

it.each<[string, OrderEvent[], [string, unknown][]]>([
  ["A placed order", [placed], [["OrderPlaced", { orderId, ...details }]]],
  ["An approved order", [placed, approved], [["OrderApproved", { orderId, customerId, shoppingListId }]]],
  [
    "A rejected order",
    [placed, { type: "OrderRejected", data: { reason: "timed-out" } }],
    [["OrderRejected", { orderId, customerId, reason: "timed-out" }]],
  ],
  [
    "A ready order",
    [placed, approved, { type: "OrderReadied", data: {} }],
    [["OrderReadied", { orderId, customerId, paymentId, total: money(2598) }]],
  ],
  [
    "A completed order",
    [placed, approved, { type: "OrderCompleted", data: { invoiceId } }],
    [["OrderCompleted", { orderId, customerId, invoiceId }]],
  ],
  [
    "A pending order that is to be cancelled",
    [placed, requested],
    [["OrderCancellationRequested", { orderId, customerId, paymentId, cancellationId, status: "pending" }]],
  ],
  [
    "An approved order that is to be cancelled",
    [placed, approved, requested],
    [
      [
        "OrderCancellationRequested",
        { orderId, customerId, paymentId, cancellationId, status: "approved", shoppingListId },
      ],
    ],
  ],
  [
    "An order that goes on",
    [
      placed,
      requested,
      { type: "OrderCancellationAbandoned", data: { reason: "because", status: "pending" } },
    ],
    [["OrderCancellationAbandoned", { orderId, customerId, status: "pending", reason: "because" }]],
  ],
  [
    "A cancelled order",
    [placed, requested, { type: "OrderCancelled", data: {} }],
    [["OrderCancelled", { orderId, customerId }]],
  ],
  [
    "A cancelling order whose goods are collected",
    [placed, approved, requested, { type: "GoodsCollected", data: {} }],
    [],
  ],
])("%s is told to the other services as its contract says.", (_, events, expected) => {
  expect(publishedBy(...events)).toEqual(expected);
});
