import { expectTypeOf, test } from "vitest";
import { defineCommand, defineEvent } from "../contract.ts";
import { type Order, orderSchema, type Receipt, receiptSchema } from "../schemas.fixture.ts";
import { abortOn, defineSaga } from "./define-saga.ts";

const OrderPlaced = defineEvent("ordering.OrderPlaced", { key: "orderId", schema: orderSchema });
const ReceiptLost = defineEvent("ordering.ReceiptLost", { key: "receipt", schema: receiptSchema });
const PayOrder = defineCommand("payments.PayOrder", {
  key: "orderId",
  schema: orderSchema,
  reply: receiptSchema,
});

interface State extends Order {
  readonly receipt?: string;
}

const start = ({ data }: { readonly data: Order }): State => data;
const pay = ({ orderId, total }: State) => ({ orderId, total });

test("the state is what `start` returns, and the event is that of `startedBy`", () => {
  defineSaga("Buy", {
    startedBy: OrderPlaced,
    when: ({ data }) => data.total > 0,
    start: ({ data }) => {
      expectTypeOf(data).toEqualTypeOf<Order>();
      return { orderId: data.orderId, total: data.total, tries: 0 };
    },
    steps: ({ step }) => [
      step("Pay")
        .invoke(PayOrder, (state, reason) => {
          expectTypeOf(state).toEqualTypeOf<{ orderId: string; total: number; tries: number }>();
          expectTypeOf(reason).toEqualTypeOf<string>();
          return state;
        })
        .when(({ tries }) => tries === 0),
    ],
    outcome: { completed: ({ tries }) => ({ tries }), compensated: (_, reason) => ({ reason }) },
  });
  // @ts-expect-error the order has no such field
  defineSaga("Buy", { startedBy: OrderPlaced, start: ({ data }) => data.customerId, steps: () => [] });
});

test("a command's data fits its contract, in steps, compensations and revocations", () => {
  defineSaga("Buy", {
    startedBy: OrderPlaced,
    start,
    steps: ({ step }) => [
      step("Pay").invoke(PayOrder, pay).compensate(PayOrder, pay).revoke(PayOrder, pay),
      // @ts-expect-error the total is missing
      step("PayLess").invoke(PayOrder, ({ orderId }) => ({ orderId })),
      step("PayBack")
        .invoke(PayOrder, pay)
        // @ts-expect-error the total is missing
        .compensate(PayOrder, ({ orderId }) => ({ orderId })),
      step("PayNot")
        .invoke(PayOrder, pay)
        // @ts-expect-error the total is missing
        .revoke(PayOrder, ({ orderId }) => ({ orderId })),
      // @ts-expect-error an event is not invoked
      step("Place").invoke(OrderPlaced, pay),
    ],
  });
});

test("a reply's result is that of the step's command, and makes a state", () => {
  defineSaga("Buy", {
    startedBy: OrderPlaced,
    start,
    steps: ({ step }) => [
      step("Pay")
        .invoke(PayOrder, pay)
        .onReply((state, result) => {
          expectTypeOf(result).toEqualTypeOf<Receipt>();
          return { ...state, receipt: result.receipt };
        })
        .accept((refusal, state) => refusal.rule === "paid" && state.total > 0),
      step("PayAgain")
        .invoke(PayOrder, pay)
        // @ts-expect-error a receipt is a text
        .onReply((state) => ({ ...state, receipt: 1 })),
    ],
  });
});

test("a step without a command is none, and an ending is not a group", () => {
  // @ts-expect-error it invokes nothing
  defineSaga("Buy", { startedBy: OrderPlaced, start, steps: ({ step }) => [step("Pay")] });
  defineSaga("Buy", {
    startedBy: OrderPlaced,
    start,
    steps: ({ step, parallel }) => [parallel(step("Pay").invoke(PayOrder, pay))],
    // @ts-expect-error endings are sent one after the other
    whenCompensated: ({ parallel }) => [parallel()],
  });
});

test("an abort reads its event, and keeps the state's shape", () => {
  defineSaga("Buy", {
    startedBy: OrderPlaced,
    start,
    steps: () => [],
    abortedBy: [
      abortOn(ReceiptLost, { reason: "lost" }),
      abortOn(ReceiptLost, {
        reason: "lost",
        when: ({ data }) => data.receipt !== "",
        evolve: (state: State, { data }) => ({ ...state, receipt: data.receipt }),
      }),
      // @ts-expect-error this is the state of another saga
      abortOn(ReceiptLost, { reason: "lost", evolve: (state: { other: string }) => state }),
    ],
  });
  // @ts-expect-error a receipt has no total
  abortOn(ReceiptLost, { reason: "lost", when: ({ data }) => data.total > 0 });
  // @ts-expect-error a command does not abort
  abortOn(PayOrder, { reason: "lost" });
});
