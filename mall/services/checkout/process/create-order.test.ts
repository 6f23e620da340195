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
import { runSaga, type SagaRun } from "@tidings/testing";
import type { DataOf } from "tidings";
import { describe, expect, it } from "vitest";
import { createOrderSteps } from "../contract.ts";
import { createOrder } from "./create-order.ts";

const order = OrderPlaced.example as DataOf<typeof OrderPlaced>;
const { orderId, customerId, paymentId, total } = order;
const shoppingListId = "01981f4a-7c00-7000-8000-000000000013";
const cancellationId = "01981f4a-7c00-7000-8000-000000000016";
const requested = { orderId, customerId, paymentId, cancellationId, status: "pending" } as const;

const start = () => runSaga(createOrder, OrderPlaced, order);
const authorized = () => start().reply(AuthorizeCustomer, { customerId });
const listed = () => authorized().reply(CreateShoppingList, { shoppingListId });
const confirmed = () => listed().reply(ConfirmPayment, { paymentId });
const approved = () => confirmed().reply(ApproveOrder, { orderId });

/** Answers everything that it asks for from now on. */
function undone(run: SagaRun): SagaRun {
  const answers: Record<string, () => void> = {
    ReleasePayment: () => run.reply(ReleasePayment, { paymentId }),
    CancelShoppingList: () => run.reply(CancelShoppingList, { orderId }),
    RejectOrder: () => run.reply(RejectOrder, { orderId }),
    ConfirmCancellation: () => run.reply(ConfirmCancellation, { orderId }),
  };
  while (run.status === "compensating") answers[run.names.at(-1) ?? ""]?.();
  return run;
}

describe("An order that is placed", () => {
  it("is approved when everybody agrees, and then its goods are collected", () => {
    const run = approved();
    expect(run.sent).toEqual([
      ["AuthorizeCustomer", { customerId }],
      ["CreateShoppingList", { orderId, items: [{ productId: order.items[0]?.productId, quantity: 2 }] }],
      ["ConfirmPayment", { paymentId, customerId, orderId, amount: total }],
      ["ApproveOrder", { orderId, shoppingListId }],
      ["InitiateShopping", { orderId, shoppingListId }],
    ]);
    expect(run.status).toBe("running");
    expect(run.reply(InitiateShopping, { shoppingListId }).status).toBe("completed");
  });

  it("goes by the steps that the contract names", () => {
    expect(createOrder.parts.flat().map(({ name }) => name)).toEqual(createOrderSteps);
  });

  it("is done with when its list was cancelled meanwhile", () => {
    expect(approved().refuse(InitiateShopping, "shopping-list-cancelled").status).toBe("completed");
  });
});

describe("An order that is refused", () => {
  it.each([
    [
      "by the customers",
      () => start().refuse(AuthorizeCustomer, "customer-disabled"),
      "customer-disabled",
      [],
    ],
    [
      "by the depot",
      () => authorized().refuse(CreateShoppingList, "product-unavailable"),
      "product-unavailable",
      [],
    ],
    [
      "by the payments",
      () => listed().refuse(ConfirmPayment, "payment-too-small"),
      "payment-too-small",
      ["CancelShoppingList"],
    ],
  ] as const)(
    "%s is rejected with the reason, and what was done is undone",
    (_, refused, reason, undoing) => {
      const run = refused();
      const before = run.names.length - 1;
      undone(run);
      expect(run.status).toBe("compensated");
      expect(run.names.slice(before)).toEqual([...undoing, "RejectOrder"]);
      expect(run.sent.at(-1)).toEqual(["RejectOrder", { orderId, reason }]);
    },
  );

  it("is rejected as timed out when the payments do not answer, and the payment is released in any case", () => {
    const run = undone(listed().passDeadlines(3));
    const payment = run.names.filter((name) => name === "ConfirmPayment");
    expect(payment).toHaveLength(3);
    expect(run.names.slice(-3)).toEqual(["ReleasePayment", "CancelShoppingList", "RejectOrder"]);
    expect(run.sent.at(-1)).toEqual(["RejectOrder", { orderId, reason: "timed-out" }]);
  });

  it("is not undone before it is certain that it was not approved", () => {
    const run = confirmed().passDeadlines(3);
    expect(run.names.slice(-4)).toEqual(["ApproveOrder", "ApproveOrder", "ApproveOrder", "RejectOrder"]);
    expect(run.status).toBe("running");
    run.reply(RejectOrder, { orderId });
    expect(undone(run).names.slice(-3)).toEqual(["ReleasePayment", "CancelShoppingList", "RejectOrder"]);
  });

  it("goes on when the approval is confirmed late", () => {
    const run = confirmed().passDeadlines(3).reply(ApproveOrder, { orderId });
    expect(run.names.at(-1)).toBe("InitiateShopping");
  });
});

describe("A pending order that is to be cancelled", () => {
  it.each([
    ["while the customer is asked for", () => start().abort(OrderCancellationRequested, requested), []],
    [
      "while the list is made",
      () => authorized().abort(OrderCancellationRequested, requested),
      ["CancelShoppingList"],
    ],
    [
      "while the payment is confirmed",
      () => listed().abort(OrderCancellationRequested, requested),
      ["ReleasePayment", "CancelShoppingList"],
    ],
  ] as const)("%s finishes that step, is undone and ends as cancelled", (_, aborted, undoing) => {
    const run = aborted();
    const before = run.names.length;
    const answers: Record<string, () => void> = {
      AuthorizeCustomer: () => run.reply(AuthorizeCustomer, { customerId }),
      CreateShoppingList: () => run.reply(CreateShoppingList, { shoppingListId }),
      ConfirmPayment: () => run.reply(ConfirmPayment, { paymentId }),
    };
    expect(run.status).toBe("running");
    answers[run.names.at(-1) ?? ""]?.();
    undone(run);
    expect(run.names.slice(before)).toEqual([...undoing, "ConfirmCancellation"]);
    expect(run.sent.at(-1)).toEqual(["ConfirmCancellation", { orderId, cancellationId }]);
    expect(run.status).toBe("compensated");
  });

  it("is cancelled when the approval comes too late", () => {
    const run = confirmed().abort(OrderCancellationRequested, requested);
    run.refuse(ApproveOrder, "order-is-not-pending");
    expect(undone(run).names.slice(-3)).toEqual([
      "ReleasePayment",
      "CancelShoppingList",
      "ConfirmCancellation",
    ]);
  });

  it("is cancelled when the rejection comes too late", () => {
    const run = start().refuse(AuthorizeCustomer, "customer-disabled");
    expect(run.names.at(-1)).toBe("RejectOrder");
    run.abort(OrderCancellationRequested, requested).refuse(RejectOrder, "order-is-not-pending");
    expect(undone(run).names.at(-1)).toBe("ConfirmCancellation");
    expect(run.status).toBe("compensated");
  });

  it("is left alone here when it is approved already", () => {
    const run = approved().abort(OrderCancellationRequested, { ...requested, status: "approved" });
    expect(run.reply(InitiateShopping, { shoppingListId }).status).toBe("completed");
  });
});
