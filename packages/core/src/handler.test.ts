import { expect, it, vi } from "vitest";
import { defineAggregate } from "./aggregate.ts";
import { defineCommand, defineEvent } from "./contract.ts";
import { handles, on, onBatch, onReply, projection, view } from "./handler.ts";
import { orderSchema, receiptSchema } from "./schemas.fixture.ts";
import type { Transaction } from "./transaction.ts";

const OrderPlaced = defineEvent("ordering.OrderPlaced", { key: "orderId", schema: orderSchema });
const PayOrder = defineCommand("payments.PayOrder", {
  key: "orderId",
  schema: orderSchema,
  reply: receiptSchema,
});
const tx = {} as Transaction;

it("handles each event alone, one after the other unless it is interleaved", () => {
  const handle = () => {};
  expect(on(OrderPlaced, handle)).toEqual({
    mode: "each",
    contract: OrderPlaced,
    interleaved: false,
    handle,
  });
  expect(on(OrderPlaced, handle, { interleaved: true })).toMatchObject({ interleaved: true });
  expect(on(OrderPlaced, handle, {})).toMatchObject({ interleaved: false });
});

it("handles events in batches", () => {
  const handle = () => {};
  expect(onBatch(OrderPlaced, handle)).toEqual({ mode: "batch", contract: OrderPlaced, handle });
});

it("handles a command by its own contract, and its reply by the reply's", () => {
  const execute = async () => ({ receipt: "r1" });
  const handle = () => {};
  expect(handles(PayOrder, execute)).toEqual({ mode: "command", contract: PayOrder, handle: execute });
  expect(onReply(PayOrder, handle)).toEqual({
    mode: "each",
    contract: PayOrder.reply,
    interleaved: false,
    handle,
  });
});

it("names a projection and its handlers", () => {
  const handlers = [on(OrderPlaced, () => {})];
  expect(projection("orders", handlers)).toEqual({ name: "orders", handlers });
});

it("applies an event to a view by its type, with its place and the transaction, and passes by the others", async () => {
  type Event = { type: "Added"; data: { item: string } } | { type: "Cleared"; data: object };
  const Basket = defineAggregate<number, Event>("basket", {
    initial: 0,
    evolve: { Added: (count) => count + 1, Cleared: () => 0 },
  });
  const added = vi.fn(async () => "written");
  const items = view(Basket, { Added: added });
  const context = { id: "b1", version: 3, at: new Date(0) };
  expect(items.aggregate).toBe(Basket);
  expect(await items.apply({ type: "Added", data: { item: "a" } }, context, tx)).toBe("written");
  expect(added).toHaveBeenCalledExactlyOnceWith({ item: "a" }, context, tx);
  expect(items.apply({ type: "Cleared", data: {} }, context, tx)).toBeUndefined();
});
