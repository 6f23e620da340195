import { createTestDatabase, type TestDatabase } from "@tidings/testing";
import { Host, isRefusal, type Transaction, uuidv7 } from "tidings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changeOrder, recordOrder } from "./change-order.ts";
import { OrderPlaced } from "./contract.ts";
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
import { Order, type OrderState } from "./order.ts";
import { ordering } from "./service.ts";
import { findOrder } from "./views/orders.ts";

const { orderId: _, ...details } = OrderPlaced.example as NonNullable<typeof OrderPlaced.example>;
const shoppingListId = "01981f4a-7c00-7000-8000-0000000000aa";
const cancellationId = "01981f4a-7c00-7000-8000-0000000000cc";
const invoiceId = "01981f4a-7c00-7000-8000-0000000000bb";
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
let database: TestDatabase;
let host: Host;

beforeAll(async () => {
  database = await createTestDatabase();
  host = await Host.start([ordering], { databaseUrl: database.url, log: quiet });
});
afterAll(async () => {
  await host?.close();
  await database?.drop();
});

function inTransaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  return host.transaction("ordering", work);
}

/** An order to which all of this has happened, each in a transaction of its own. */
async function orderAfter(...decisions: ((order: OrderState) => OrderDecision)[]): Promise<string> {
  const id = uuidv7();
  await inTransaction(async (tx) => recordOrder(tx, await tx.load(Order, id), place(Order.initial, details)));
  for (const decide of decisions) {
    const changed = await inTransaction((tx) => changeOrder(tx, id, decide));
    if (isRefusal(changed)) throw new Error(changed.detail);
  }
  return id;
}

/** The order as it is shown, and what was published of it. */
async function seen(id: string) {
  return inTransaction(async (tx) => {
    const found = await findOrder(tx.query.bind(tx), id);
    const { rows } = await tx.query<{ type: string }>(
      "select type from tidings_outbox where key = $1 order by position",
      [id],
    );
    return { ...found, published: rows.map(({ type }) => type.replace("ordering.", "")) };
  });
}

const approved = (order: OrderState) => approve(order, shoppingListId);
const readied = (order: OrderState) => makeReady(order, shoppingListId);
const completed = (order: OrderState) => complete(order, invoiceId);
const requested = (order: OrderState) => requestCancellation(order, cancellationId);
const cancelled = (order: OrderState) => cancel(order, cancellationId);
const kept = (order: OrderState) => keep(order, cancellationId, "shopping-has-begun");

describe("an order as it is shown and told", () => {
  it("goes from pending to completed", async () => {
    const id = await orderAfter(approved, readied, completed);
    expect(await seen(id)).toEqual({
      version: 4,
      order: { id, ...details, status: "completed", shoppingListId, invoiceId },
      published: ["OrderPlaced", "OrderApproved", "OrderReadied", "OrderCompleted"],
    });
  });

  it("has no fields that it does not have yet", async () => {
    const id = await orderAfter();
    expect(await seen(id)).toEqual({
      version: 1,
      order: { id, ...details, status: "pending" },
      published: ["OrderPlaced"],
    });
  });

  it("ends as rejected, with the reason", async () => {
    const id = await orderAfter((order) => reject(order, "payment-too-small"));
    expect(await seen(id)).toMatchObject({
      order: { status: "rejected", rejectionReason: "payment-too-small" },
      published: ["OrderPlaced", "OrderRejected"],
    });
  });

  it("ends as cancelled", async () => {
    const id = await orderAfter(requested, cancelled);
    expect(await seen(id)).toMatchObject({
      order: { status: "cancelled" },
      published: ["OrderPlaced", "OrderCancellationRequested", "OrderCancelled"],
    });
  });

  it("is pending again when its cancellation is abandoned before it was approved", async () => {
    expect(await seen(await orderAfter(requested, kept))).toMatchObject({
      order: { status: "pending" },
    });
  });

  it("is ready when its goods were collected while it was cancelling", async () => {
    const id = await orderAfter(approved, requested, readied, kept);
    expect(await seen(id)).toMatchObject({
      version: 6,
      order: { status: "ready", shoppingListId },
      published: [
        "OrderPlaced",
        "OrderApproved",
        "OrderCancellationRequested",
        "OrderCancellationAbandoned",
        "OrderReadied",
      ],
    });
  });

  it("changes neither in state nor in words when a request is repeated", async () => {
    const id = await orderAfter(approved, approved, readied, readied, completed, completed);
    expect(await seen(id)).toMatchObject({ version: 4, published: { length: 4 } });
  });

  it("stays as it is when a request is refused", async () => {
    const id = await orderAfter();
    const refusal = await inTransaction((tx) => changeOrder(tx, id, completed));
    expect(refusal).toMatchObject({ rule: "order-is-not-ready" });
    expect(await seen(id)).toMatchObject({
      version: 1,
      order: { status: "pending" },
      published: ["OrderPlaced"],
    });
  });

  it("that does not exist is not found, and not made", async () => {
    const id = uuidv7();
    expect(await inTransaction((tx) => changeOrder(tx, id, approved))).toMatchObject({ rule: "not-found" });
    expect(await seen(id)).toEqual({ published: [] });
  });

  it("takes one of two contradicting requests at the same time", async () => {
    const id = await orderAfter();
    const outcomes = await Promise.all([
      inTransaction((tx) => changeOrder(tx, id, approved)),
      inTransaction((tx) => changeOrder(tx, id, requested)),
      inTransaction((tx) => changeOrder(tx, id, (order) => reject(order, "timed-out"))),
    ]);
    const { order, published } = await seen(id);
    const accepted = outcomes.filter((outcome) => !isRefusal(outcome));
    expect(published).toHaveLength(1 + accepted.length);
    expect(["approved", "cancelling", "rejected"]).toContain(order?.status);
  });
});
