import { describe, expect, it } from "vitest";
import { defineCommand, defineEvent, serviceOf } from "./contract.ts";
import { asyncSchema, orderSchema, receiptSchema, validateReceipt } from "./schemas.fixture.ts";
import { validate } from "./validate.ts";

const order = { orderId: "o1", total: 5 };
const OrderPlaced = defineEvent("ordering.OrderPlaced", { key: "orderId", schema: orderSchema });
const PayOrder = defineCommand("payments.PayOrder", {
  key: "orderId",
  schema: orderSchema,
  reply: receiptSchema,
});

describe("the type of a message", () => {
  it.each(["ordering.OrderPlaced", "order-list2.A", "a.B9", "payments.PayOrder.Reply"])(
    "names its owner: %s",
    (type) => {
      expect(serviceOf(type)).toBe(type.split(".")[0]);
    },
  );

  it.each([
    "",
    "OrderPlaced",
    "ordering.",
    ".OrderPlaced",
    "ordering.orderPlaced",
    "Ordering.OrderPlaced",
    "ordering.Order-Placed",
    "ordering.Order.Placed",
    "ordering.OrderPlaced.Reply.Reply",
    "1ordering.OrderPlaced",
    "order_list.OrderPlaced",
    "ordering.OrderPlaced ",
    "ordering.OrderPlaced\n",
    "x ordering.OrderPlaced",
  ])("is refused with an example of a good one: %j", (type) => {
    expect(() => defineEvent(type, { key: "orderId", schema: orderSchema })).toThrow(
      `"${type}" is not a message type: write <service>.<Name>, for example "ordering.OrderPlaced".`,
    );
  });
});

describe("a contract", () => {
  it("is at version 1 and of the kind that it was declared as", () => {
    expect(OrderPlaced).toMatchObject({ kind: "event", service: "ordering", version: 1 });
    expect(PayOrder).toMatchObject({ kind: "command", service: "payments", version: 1 });
    expect(PayOrder.reply).toMatchObject({
      kind: "reply",
      type: "payments.PayOrder.Reply",
      service: "payments",
      version: 1,
    });
  });

  it("keeps its example for those who test against it", () => {
    const example = { orderId: "o9", total: 9 };
    expect(defineEvent("a.B", { key: "orderId", schema: orderSchema, example }).example).toBe(example);
    expect(OrderPlaced.example).toBeUndefined();
  });

  it("takes the key from a field, a number as its digits, or from a function", () => {
    const byTotal = defineEvent("a.B", { key: "total", schema: orderSchema });
    const byBoth = defineEvent("a.B", {
      key: ({ orderId, total }) => `${orderId}/${total}`,
      schema: orderSchema,
    });
    expect([OrderPlaced.keyOf(order), byTotal.keyOf(order), byBoth.keyOf(order)]).toEqual([
      "o1",
      "5",
      "o1/5",
    ]);
  });
});

describe("the upcasts of a contract", () => {
  const upcasts = {
    1: (data: { id: string }) => ({ orderId: data.id, cents: 500 }),
    2: (data: { orderId: string; cents: number }) => ({ orderId: data.orderId, total: data.cents / 100 }),
  };
  const current = defineEvent("a.B", { key: "orderId", schema: orderSchema, version: 3, upcasts });

  it("lift old data step by step to the current version", () => {
    expect(current.upcast({ id: "o1" }, 1)).toEqual(order);
    expect(current.upcast({ orderId: "o1", cents: 700 }, 2)).toEqual({ orderId: "o1", total: 7 });
  });

  it("return data of the current version, and of one that is not known yet, as it is", () => {
    expect(current.upcast(order, 3)).toBe(order);
    expect(current.upcast(order, 4)).toBe(order);
  });

  it("are complete, or the contract cannot be declared", () => {
    const { 1: first, 2: second } = upcasts;
    const declare = (given?: Readonly<Record<number, (data: never) => unknown>>) => () =>
      defineEvent("a.B", {
        key: "orderId",
        schema: orderSchema,
        version: 3,
        ...(given && { upcasts: given }),
      });
    expect(declare()).toThrow("a.B is at version 3 but has no upcast from version 1.");
    expect(declare({ 1: first })).toThrow("has no upcast from version 2.");
    expect(declare({ 2: second })).toThrow("has no upcast from version 1.");
    expect(declare(upcasts)).not.toThrow();
  });
});

describe("the reply to a command", () => {
  const check = (value: unknown) => validate(PayOrder.reply.schema, value);

  it("is a result that fits, and nothing else of it is kept", () => {
    const result = { receipt: "r1", secret: true };
    expect(check({ outcome: "done", result, more: 1 })).toEqual({
      value: { outcome: "done", result: { receipt: "r1" } },
    });
  });

  it("is a refusal with its rule and its detail", () => {
    const refusal = { outcome: "refused", rule: "card-expired", detail: "The card has expired." };
    expect(check(refusal)).toEqual({ value: refusal });
  });

  it("is not a result that does not fit", () => {
    expect(check({ outcome: "done", result: { receipt: 1 } })).toHaveProperty("issues");
    expect(check({ outcome: "done" })).toHaveProperty("issues");
  });

  it.each([
    undefined,
    null,
    7,
    "done",
    [],
    {},
    { outcome: "perhaps" },
    { outcome: "refused" },
    { outcome: "refused", rule: "card-expired" },
    { outcome: "refused", rule: 1, detail: "one" },
  ])("is not %j", (garbage) => {
    expect(check(garbage)).toEqual({
      issues: [{ pointer: "/outcome", detail: "is neither done nor refused" }],
    });
  });

  it("waits for a schema that takes its time", async () => {
    const slow = defineCommand("payments.PayOrder", {
      key: "orderId",
      schema: orderSchema,
      reply: asyncSchema(validateReceipt),
    });
    const checked = (result: unknown) => validate(slow.reply.schema, { outcome: "done", result });
    expect(await checked({ receipt: "r1" })).toEqual({
      value: { outcome: "done", result: { receipt: "r1" } },
    });
    expect(await checked({})).toHaveProperty("issues");
  });
});
