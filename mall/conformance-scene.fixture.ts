import type { Api } from "@mall/common/http-client";
import { until } from "@tidings/testing";
import { checkOut, create, fillBasket, readyToBuy, whenDone } from "./mall.fixture.ts";

/** One of each thing that the Mall has, in each status that a route wants. */
export interface Scene {
  readonly storeId: string;
  readonly productId: string;
  readonly customerId: string;
  /** Open, with two units of the product. */
  readonly basketId: string;
  /** Approved. */
  readonly orderId: string;
  readonly operationId: string;
  /** Confirmed, of the order. */
  readonly paymentId: string;
  /** Idle. */
  readonly botId: string;
  readonly availableListId: string;
  /** A bot has it, and nothing is collected. */
  readonly assigned: { readonly listId: string; readonly storeId: string };
  /** A bot has collected all of it. */
  readonly collectedListId: string;
  /** Pending. */
  readonly invoiceId: string;
}

let bots = 0;

/** A bot that has nothing to do. */
export function addBot(api: Api): Promise<string> {
  return create(api, "POST /api/bots", { name: `Trundle ${++bots}` });
}

/** An order that is approved, whose list waits for a bot. */
export async function approvedOrder(api: Api) {
  const { payment, ...bought } = await readyToBuy(api);
  const { body } = await checkOut(api, bought.basketId, payment);
  const { error } = await whenDone(api, body);
  if (error) throw new Error(`The order was rejected: ${error.rule}.`);
  const { orderId } = body.metadata;
  const order = await api<{ shoppingListId: string }>(`GET /api/orders/${orderId}`);
  const operationId = body.name.replace("operations/", "");
  return { ...bought, ...payment, orderId, operationId, listId: order.body.shoppingListId };
}

/** An order whose list a bot has, with nothing collected. */
export async function assignedOrder(api: Api) {
  const order = await approvedOrder(api);
  const botId = await addBot(api);
  await change(api, order.listId, "assign", { botId });
  return { ...order, botId };
}

/** An order whose goods are collected; the bot still has its list. */
export async function collectedOrder(api: Api) {
  const order = await assignedOrder(api);
  await change(api, order.listId, `stops/${order.storeId}/collect`);
  return order;
}

/** An order that is ready, with its invoice. */
export async function readyOrder(api: Api) {
  const order = await collectedOrder(api);
  await change(api, order.listId, "complete");
  const invoiceId = await until("the invoice is there", async () => {
    const { body } = await api<{ items: { id: string }[] }>(`GET /api/invoices?orderId=${order.orderId}`);
    return body.items[0]?.id;
  });
  return { ...order, invoiceId };
}

async function change(api: Api, listId: string, what: string, body?: object): Promise<void> {
  const { status } = await api(`POST /api/shopping-lists/${listId}/${what}`, body);
  if (status !== 200) throw new Error(`The list was not changed by ${what}: ${status}.`);
}

/** Waits until a projection of the search can be rebuilt. */
async function whenRebuilt(api: Api): Promise<void> {
  await until("no read model is made anew", async () => {
    const { body } = await api<{ items: { state: string }[] }>("GET /api/search/projections");
    return body.items.every(({ state }) => state !== "running");
  });
}

/** Makes one of each thing, all of them new. @param visitor makes clients that each read their own writes */
export async function setScene(visitor: () => Api): Promise<Scene> {
  const api = visitor();
  const [filled, ordered, available, assigned, collected, ready] = await Promise.all([
    fillBasket(api),
    approvedOrder(visitor()),
    approvedOrder(visitor()),
    assignedOrder(visitor()),
    collectedOrder(visitor()),
    readyOrder(visitor()),
  ]);
  await whenRebuilt(api);
  const botId = await addBot(api);
  for (const path of [`customers/${filled.customerId}/notifications`, "invoices", "search/products"])
    await api(`GET /api/${path}`);
  return {
    ...filled,
    orderId: ordered.orderId,
    operationId: ordered.operationId,
    paymentId: ordered.paymentId,
    botId,
    availableListId: available.listId,
    assigned,
    collectedListId: collected.listId,
    invoiceId: ready.invoiceId,
  };
}
