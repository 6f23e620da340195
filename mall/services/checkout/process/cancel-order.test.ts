import { CancelShoppingList } from "@mall/depot/contract";
import {
  AbandonCancellation,
  ConfirmCancellation,
  OrderCancellationRequested,
} from "@mall/ordering/contract";
import { ReleasePayment } from "@mall/payments/contract";
import { runSaga } from "@tidings/testing";
import type { DataOf } from "tidings";
import { expect, it } from "vitest";
import { cancelOrderSteps } from "../contract.ts";
import { cancelOrder } from "./cancel-order.ts";

const requested = OrderCancellationRequested.example as DataOf<typeof OrderCancellationRequested>;
const { orderId, paymentId, cancellationId } = requested;
const start = () => runSaga(cancelOrder, OrderCancellationRequested, requested);

it("An approved order gives back its list and its payment, then it is cancelled.", () => {
  const run = start()
    .reply(CancelShoppingList, { orderId })
    .reply(ReleasePayment, { paymentId })
    .reply(ConfirmCancellation, { orderId });
  expect(run.status).toBe("completed");
  expect(run.sent).toEqual([
    ["CancelShoppingList", { orderId }],
    ["ReleasePayment", { paymentId, orderId }],
    ["ConfirmCancellation", { orderId, cancellationId }],
  ]);
  expect(cancelOrder.parts.flat().map(({ name }) => name)).toEqual(cancelOrderSteps);
});

it("An order whose goods are being collected goes on.", () => {
  const run = start()
    .refuse(CancelShoppingList, "shopping-has-begun")
    .reply(AbandonCancellation, { orderId });
  expect(run.status).toBe("compensated");
  expect(run.sent.at(-1)).toEqual([
    "AbandonCancellation",
    { orderId, cancellationId, reason: "shopping-has-begun" },
  ]);
});

it("A depot that does not answer is waited for, and the cancellation is stuck until it does.", () => {
  const run = start().passDeadlines(10);
  expect(run.names).toEqual(["CancelShoppingList", "CancelShoppingList", "CancelShoppingList"]);
  expect(run.status).toBe("running");
  run.reply(CancelShoppingList, { orderId });
  expect(run.names.at(-1)).toBe("ReleasePayment");
});

it("A payment that cannot be released is asked for again, is stuck, and goes on when it is resumed.", () => {
  const run = start().reply(CancelShoppingList, { orderId });
  for (let time = 0; time < 3; time++) run.refuse(ReleasePayment, "payment-captured").passDeadlines();
  expect(run.names.filter((name) => name === "ReleasePayment")).toHaveLength(3);
  run.resume().reply(ReleasePayment, { paymentId }).reply(ConfirmCancellation, { orderId });
  expect(run.status).toBe("completed");
});

it("Only the cancellation of an approved order is led here.", () => {
  const event = { data: { ...requested, status: "pending" } } as never;
  expect(cancelOrder.starts(event)).toBe(false);
});
