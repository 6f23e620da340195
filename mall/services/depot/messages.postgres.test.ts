import { uuidv7 } from "tidings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addBot,
  availableList,
  createList,
  type Depot,
  knownProduct,
  type ListAnswer,
  startDepot,
} from "./depot.fixture.ts";

let depot: Depot;
let ink: Awaited<ReturnType<typeof knownProduct>>;
beforeAll(async () => {
  depot = await startDepot();
  ink = await knownProduct(depot);
});
afterAll(() => depot?.close());

const statusOf = async (id: string) =>
  (await depot.api<ListAnswer>(`GET /api/shopping-lists/${id}`)).body.status;
const create = (orderId: string, ...productIds: string[]) =>
  depot.ask("CreateShoppingList", {
    orderId,
    items: productIds.map((productId) => ({ productId, quantity: 2 })),
  });
const cancel = (orderId: string) => depot.ask("CancelShoppingList", { orderId });

describe("CreateShoppingList", () => {
  it("puts the goods on a pending list, store by store, with the lines of one product summed", async () => {
    const pen = await knownProduct(depot, ink.storeId);
    const cup = await knownProduct(depot, uuidv7(), "The Tin Cup");
    const orderId = uuidv7();
    const lines = [
      [ink, 2],
      [cup, 1],
      [pen, 3],
      [ink, 4],
    ] as const;
    const items = lines.map(([{ productId }, quantity]) => ({ productId, quantity }));
    const { result } = await depot.ask("CreateShoppingList", { orderId, items });
    const { body } = await depot.api<ListAnswer>(`GET /api/shopping-lists/${result?.shoppingListId}`);
    const stop = { location: "North wing", collected: false };
    const item = (product: typeof ink, quantity: number) => ({
      productId: product.productId,
      productName: "Ink",
      quantity,
    });
    expect(body).toEqual({
      id: result?.shoppingListId,
      orderId,
      status: "pending",
      stops: [
        {
          storeId: ink.storeId,
          storeName: "The Paper Lantern",
          ...stop,
          items: [item(ink, 6), item(pen, 3)],
        },
        { storeId: cup.storeId, storeName: "The Tin Cup", ...stop, items: [item(cup, 1)] },
      ],
    });
  });

  it("answers the same list to a repeat, whatever became of it, and tells of it once", async () => {
    const { orderId, listId } = await createList(depot, ink.productId);
    const done = { outcome: "done", result: { shoppingListId: listId } };
    expect(await create(orderId, ink.productId)).toEqual(done);
    await depot.ask("InitiateShopping", { shoppingListId: listId, orderId });
    expect(await create(orderId, ink.productId)).toEqual(done);
    await depot.toldUntil(orderId, "ShoppingListMadeAvailable");
    expect(depot.told(orderId)).toEqual([
      { type: "ShoppingListCreated", data: { shoppingListId: listId, orderId } },
      { type: "ShoppingListMadeAvailable", data: { shoppingListId: listId, orderId } },
    ]);
  });

  it("uses the names of today", async () => {
    const product = await knownProduct(depot);
    const { storeId, productId } = product;
    await depot.publish(
      { type: "StoreRebranded", data: { storeId, name: "Lantern & Daughters" } },
      { type: "ProductRebranded", data: { productId, name: "Dye", description: "" } },
    );
    const { listId } = await createList(depot, productId);
    const { body } = await depot.api<ListAnswer>(`GET /api/shopping-lists/${listId}`);
    expect(body.stops).toMatchObject([
      { storeName: "Lantern & Daughters", items: [{ productName: "Dye", quantity: 2 }] },
    ]);
  });

  it("is refused when the list of the order is cancelled", async () => {
    const { orderId } = await createList(depot, ink.productId);
    await cancel(orderId);
    expect(await create(orderId, ink.productId)).toMatchObject({ rule: "shopping-list-cancelled" });
  });

  it("is refused when the order was cancelled before it had a list", async () => {
    const orderId = uuidv7();
    expect(await cancel(orderId)).toEqual({ outcome: "done", result: { orderId } });
    expect(await create(orderId, ink.productId)).toMatchObject({ rule: "shopping-list-cancelled" });
    expect(await cancel(orderId)).toMatchObject({ outcome: "done" });
    const { body } = await depot.api<{ items: ListAnswer[] }>("GET /api/shopping-lists?limit=200");
    expect(body.items.filter((list) => list.orderId === orderId)).toEqual([]);
  });

  it("never leaves a live list behind a cancellation that comes at the same time from elsewhere", async () => {
    const orders = Array.from({ length: 20 }, () => uuidv7());
    const items = [{ productId: ink.productId, quantity: 1 }];
    const sent = await Promise.all(
      orders.flatMap((orderId) => [
        depot.record("checkout", { type: "CreateShoppingList", data: { orderId, items } }),
        depot.record("rival", { type: "CancelShoppingList", data: { orderId } }),
      ]),
    );
    for (const [id = ""] of sent) await depot.replyTo(id);
    const { body } = await depot.api<{ items: ListAnswer[] }>("GET /api/shopping-lists?limit=200");
    const live = body.items.filter(
      ({ orderId, status }) => orders.includes(orderId) && status !== "cancelled",
    );
    expect(live).toEqual([]);
  });
});

describe("InitiateShopping", () => {
  it("makes a pending list available and is done again without an event, also beyond", async () => {
    const { orderId, listId } = await createList(depot, ink.productId);
    const initiate = () => depot.ask("InitiateShopping", { shoppingListId: listId, orderId });
    const done = { outcome: "done", result: { shoppingListId: listId } };
    for (const _ of ["pending", "available"]) {
      expect(await initiate()).toEqual(done);
      expect(await statusOf(listId)).toBe("available");
    }
    const botId = await addBot(depot);
    await depot.api(`POST /api/shopping-lists/${listId}/assign`, { botId });
    expect([await initiate(), await statusOf(listId)]).toEqual([done, "assigned"]);
    await depot.api(`POST /api/shopping-lists/${listId}/stops/${ink.storeId}/collect`);
    await depot.api(`POST /api/shopping-lists/${listId}/complete`);
    expect([await initiate(), await statusOf(listId)]).toEqual([done, "completed"]);
    await depot.toldUntil(orderId, "ShoppingListCompleted");
    expect(depot.told(orderId)).toEqual(
      [
        ["ShoppingListCreated", {}],
        ["ShoppingListMadeAvailable", {}],
        ["ShoppingListAssigned", { botId }],
        ["ShoppingListStopCollected", { storeId: ink.storeId }],
        ["ShoppingListCompleted", {}],
      ].map(([type, more]) => ({ type, data: { shoppingListId: listId, orderId, ...(more as object) } })),
    );
  });

  it("is refused when the list is cancelled, or not the order's", async () => {
    const { orderId, listId } = await createList(depot, ink.productId);
    const initiate = (order: string) =>
      depot.ask("InitiateShopping", { shoppingListId: listId, orderId: order });
    expect(await initiate(uuidv7())).toMatchObject({ outcome: "refused", rule: "not-found" });
    await cancel(orderId);
    expect(await initiate(orderId)).toMatchObject({ outcome: "refused", rule: "shopping-list-cancelled" });
    expect(await statusOf(listId)).toBe("cancelled");
  });
});

describe("CancelShoppingList", () => {
  it("cancels a list that is pending or available, once", async () => {
    for (const make of [createList, availableList]) {
      const { orderId, listId } = await make(depot, ink.productId);
      for (const _ of ["first", "repeat"]) {
        expect(await cancel(orderId)).toEqual({ outcome: "done", result: { orderId } });
        expect(await statusOf(listId)).toBe("cancelled");
      }
      await depot.toldUntil(orderId, "ShoppingListCancelled");
      expect(depot.told(orderId).slice(make === createList ? 1 : 2)).toEqual([
        { type: "ShoppingListCancelled", data: { shoppingListId: listId, orderId } },
      ]);
    }
  });

  it("is refused when a bot has the list or had it", async () => {
    const { orderId, listId } = await availableList(depot, ink.productId);
    const botId = await addBot(depot);
    await depot.api(`POST /api/shopping-lists/${listId}/assign`, { botId });
    expect(await cancel(orderId)).toMatchObject({ outcome: "refused", rule: "shopping-has-begun" });
    await depot.api(`POST /api/shopping-lists/${listId}/stops/${ink.storeId}/collect`);
    await depot.api(`POST /api/shopping-lists/${listId}/complete`);
    expect(await cancel(orderId)).toMatchObject({ outcome: "refused", rule: "shopping-has-begun" });
    expect(await statusOf(listId)).toBe("completed");
  });
});
