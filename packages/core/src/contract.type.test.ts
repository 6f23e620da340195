import { expectTypeOf, test } from "vitest";
import { defineAggregate } from "./aggregate.ts";
import { defineCommand, defineEvent } from "./contract.ts";
import { handles, on, onBatch, onReply, view } from "./handler.ts";
import { refuse } from "./refusal.ts";
import { type Order, orderSchema, type Receipt, receiptSchema } from "./schemas.fixture.ts";
import type { Transaction } from "./transaction.ts";

const OrderPlaced = defineEvent("ordering.OrderPlaced", { key: "orderId", schema: orderSchema });
const PayOrder = defineCommand("payments.PayOrder", {
  key: "orderId",
  schema: orderSchema,
  reply: receiptSchema,
});

test("a key is a field of the data, or a function of it", () => {
  // @ts-expect-error the order has no such field
  defineEvent("ordering.OrderPlaced", { key: "customerId", schema: orderSchema });
  // @ts-expect-error a key is a text
  defineEvent("ordering.OrderPlaced", { key: (order) => order.total, schema: orderSchema });
  // @ts-expect-error an example fits the schema
  defineEvent("ordering.OrderPlaced", { key: "orderId", schema: orderSchema, example: { orderId: "o1" } });
});

test("a handler reads the data of its own contract", () => {
  on(OrderPlaced, (event) => {
    expectTypeOf(event.data).toEqualTypeOf<Order>();
    expectTypeOf(event.type).toEqualTypeOf<"ordering.OrderPlaced">();
  });
  // @ts-expect-error the order has no such field
  on(OrderPlaced, (event) => event.data.customerId);
  // @ts-expect-error the total is a number
  on(OrderPlaced, (event) => event.data.total.toUpperCase());
  // @ts-expect-error a message is not changed
  on(OrderPlaced, (event) => (event.key = "another"));
  onBatch(OrderPlaced, (events) => {
    expectTypeOf(events[0]?.data).toEqualTypeOf<Order | undefined>();
  });
  // @ts-expect-error a batch is a list
  onBatch(OrderPlaced, (events) => events.data);
});

test("a contract is handled as what it is", () => {
  // @ts-expect-error a command is not reacted to
  on(PayOrder, () => {});
  // @ts-expect-error an event is not carried out
  handles(OrderPlaced, async () => ({}));
  // @ts-expect-error an event has no reply
  onReply(OrderPlaced, () => {});
});

test("a command's handler returns its reply or a refusal", () => {
  handles(PayOrder, async (command) => ({ receipt: command.data.orderId }));
  handles(PayOrder, async () => refuse("card-expired", "The card has expired."));
  // @ts-expect-error a receipt is a text
  handles(PayOrder, async () => ({ receipt: 1 }));
  // @ts-expect-error nothing is not a receipt
  handles(PayOrder, async () => {});
});

test("a reply is narrowed by its outcome", () => {
  onReply(PayOrder, ({ data }) => {
    // @ts-expect-error it may have been refused
    data.result;
    if (data.outcome === "done") expectTypeOf(data.result).toEqualTypeOf<Receipt>();
    else
      expectTypeOf(data).toEqualTypeOf<{
        readonly outcome: "refused";
        readonly rule: string;
        readonly detail: string;
      }>();
  });
});

test("what is recorded fits its contract", () => {
  const record = (tx: Transaction, order: Order) => {
    expectTypeOf(tx.publish(OrderPlaced, order)).toBeString();
    tx.send(PayOrder, order);
    tx.schedule(tx.now(), PayOrder, order);
    // @ts-expect-error the total is missing
    tx.publish(OrderPlaced, { orderId: "o1" });
    // @ts-expect-error the total is a number
    tx.publish(OrderPlaced, { orderId: "o1", total: "5" });
    // @ts-expect-error the order has no such field
    tx.publish(OrderPlaced, { orderId: "o1", total: 5, customerId: "c1" });
    // @ts-expect-error a command is not published
    tx.publish(PayOrder, order);
    // @ts-expect-error an event is not sent
    tx.send(OrderPlaced, order);
    // @ts-expect-error the total is missing
    tx.schedule(tx.now(), PayOrder, { orderId: "o1" });
  };
  expectTypeOf(record).toBeFunction();
});

type BasketEvent =
  | { readonly type: "Added"; readonly data: { readonly item: string } }
  | { readonly type: "Cleared"; readonly data: { readonly reason: string } };

const Basket = defineAggregate<readonly string[], BasketEvent>("basket", {
  initial: [],
  evolve: { Added: (items, { item }) => [...items, item], Cleared: () => [] },
});

test("an aggregate has a step for each of its events, and for no other", () => {
  const initial: readonly string[] = [];
  // @ts-expect-error there is no step for Cleared
  defineAggregate<readonly string[], BasketEvent>("basket", { initial, evolve: { Added: (items) => items } });
  defineAggregate<readonly string[], BasketEvent>("basket", {
    initial,
    // @ts-expect-error there is no event Burnt
    evolve: { Added: (items) => items, Cleared: () => [], Burnt: () => [] },
  });
  defineAggregate<readonly string[], BasketEvent>("basket", {
    initial,
    // @ts-expect-error what is added has no reason
    evolve: { Added: (items, { reason }) => [...items, reason], Cleared: () => [] },
  });
  defineAggregate<readonly string[], BasketEvent>("basket", {
    initial,
    // @ts-expect-error a step returns the state
    evolve: { Added: () => "item", Cleared: () => [] },
  });
});

test("a decision appends events of its own aggregate", () => {
  const decide = async (tx: Transaction) => {
    const decided = await tx.decide(Basket, "b1", (items, root) => {
      expectTypeOf(items).toEqualTypeOf<readonly string[]>();
      expectTypeOf(root.version).toBeNumber();
      return items.length > 0
        ? [{ type: "Cleared", data: { reason: "left" } }]
        : refuse("empty", "It is empty.");
    });
    // @ts-expect-error it may have been refused
    decided.version;
    // @ts-expect-error a basket cannot be burnt
    await tx.decide(Basket, "b1", () => [{ type: "Burnt", data: {} }]);
    // @ts-expect-error this is the data of another event
    await tx.decide(Basket, "b1", () => [{ type: "Added", data: { reason: "left" } }]);
    const root = await tx.load(Basket, "b1");
    await tx.append(root, [{ type: "Added", data: { item: "a" } }]);
    // @ts-expect-error a basket cannot be burnt
    await tx.append(root, [{ type: "Burnt", data: {} }]);
  };
  expectTypeOf(decide).toBeFunction();
});

test("a view follows events that its aggregate has", () => {
  view(Basket, { Added: ({ item }, { id, version, at }) => [item.length, id, version, at.getTime()] });
  // @ts-expect-error a basket cannot be burnt
  view(Basket, { Burnt: () => {} });
  // @ts-expect-error what is added has no reason
  view(Basket, { Added: ({ reason }) => reason });
});
