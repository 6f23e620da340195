import { until } from "@tidings/testing";
import { uuidv7 } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Depot, knownProduct, newProduct, startDepot } from "./depot.fixture.ts";

let depot: Depot;
let parked = 0;
let retried = 0;
beforeAll(async () => {
  const probe = (step: string) => {
    if (step === "parked") parked++;
    if (step === "retry-committed") retried++;
  };
  depot = await startDepot({ probe });
});
afterAll(() => depot?.close());

const itemsOf = (...productIds: string[]) => productIds.map((productId) => ({ productId, quantity: 1 }));

/** Sends the command. @returns its reply, and how many milliseconds later it was recorded than the command, at most */
async function create(...productIds: string[]) {
  const data = { orderId: uuidv7(), items: itemsOf(...productIds) };
  const sent = Date.now();
  const [id = ""] = await depot.record("checkout", { type: "CreateShoppingList", data });
  const { data: reply, time } = await depot.replyTo(id);
  return { reply, after: Date.parse(time) - sent };
}

it("A product that is heard of a little later than the command is on the list.", async () => {
  const late = newProduct();
  const before = { parked, retried };
  const reply = create(late.productId);
  await until("the command is parked", () => parked > before.parked);
  await depot.publish(late.opened, late.added);
  expect((await reply).reply).toMatchObject({ outcome: "done" });
  expect(retried).toBeGreaterThan(before.retried);
});

it("A product whose store is heard of a little later than the command is on the list.", async () => {
  const late = newProduct();
  await depot.publish(late.added);
  const before = parked;
  const reply = create(late.productId);
  await until("the command is parked", () => parked > before);
  await depot.publish(late.opened);
  expect((await reply).reply).toMatchObject({ outcome: "done" });
});

it("A product that stays unknown is refused, not before two seconds and within a few.", async () => {
  const { productId } = await knownProduct(depot);
  const { reply, after } = await create(productId, uuidv7());
  expect(reply).toMatchObject({ outcome: "refused", rule: "product-unavailable" });
  expect(after).toBeGreaterThanOrEqual(2_000);
  expect(after).toBeLessThan(10_000);
});

it("A removed product is refused at once, also beside one that is unknown.", async () => {
  const removed = await knownProduct(depot);
  const { storeId, productId } = removed;
  expect((await create(productId)).reply.outcome).toBe("done");
  await depot.publish({ type: "ProductRemoved", data: { productId, storeId } });
  const before = parked;
  for (const unknown of [[], [uuidv7()]]) {
    const { reply } = await create(productId, ...unknown);
    expect(reply).toMatchObject({ outcome: "refused", rule: "product-unavailable" });
  }
  expect(parked).toBe(before);
});

it("While an order waits for its product, a cancellation behind it waits as well and has the last word.", async () => {
  const orderId = uuidv7();
  const late = newProduct();
  const before = parked;
  const [created = ""] = await depot.record("checkout", {
    type: "CreateShoppingList",
    data: { orderId, items: itemsOf(late.productId) },
  });
  await until("the command is parked", () => parked > before);
  const [cancelled = ""] = await depot.record("checkout", { type: "CancelShoppingList", data: { orderId } });
  await depot.publish(late.opened, late.added);
  expect((await depot.replyTo(created)).data).toMatchObject({ outcome: "done" });
  expect((await depot.replyTo(cancelled)).data).toMatchObject({ outcome: "done" });
  const { body } = await depot.api<{ items: { orderId: string; status: string }[] }>(
    "GET /api/shopping-lists?status=cancelled",
  );
  expect(body.items).toMatchObject([{ orderId }]);
});
