import type { ApiAnswer } from "@mall/common/http-client";
import { readOrder, whenOrderIs } from "./checking-out.ts";
import { bodyOf, readAll } from "./client.ts";
import { eventually } from "./eventually.ts";
import type { ShoppingList } from "./resources.ts";
import type { Placed, Story } from "./story.ts";

/** The shopping list of an order, if it has ever had one. */
export async function findList({ api }: Story, { id }: Placed): Promise<ShoppingList | undefined> {
  const lists = await readAll<ShoppingList>(api, "/api/shopping-lists");
  return lists.find(({ orderId }) => orderId === id);
}

/** Waits until the shopping list of an approved order can be taken. */
export async function whenListIsAvailable(story: Story, placed: Placed): Promise<ShoppingList> {
  const { shoppingListId = "" } = await whenOrderIs(story, placed, "approved");
  return eventually(`the shopping list ${shoppingListId} is available`, async () => {
    const list = await readList(story, shoppingListId);
    return list.status === "available" && list;
  });
}

/** The shopping list of an order, as it is now. */
export async function listOf(story: Story, placed: Placed): Promise<ShoppingList> {
  const { shoppingListId = "" } = await readOrder(story, placed);
  return readList(story, shoppingListId);
}

async function readList({ api }: Story, id: string): Promise<ShoppingList> {
  return bodyOf(await api<ShoppingList>(`GET /api/shopping-lists/${id}`));
}

/** Adds a bot to the depot, unless the scenario has one of this name. */
export async function botNamed(story: Story, name: string): Promise<string> {
  if (!story.bots.has(name)) {
    story.bots.set(name, bodyOf(await story.api<{ id: string }>("POST /api/bots", { name })).id);
  }
  return story.botId(name);
}

/** A bot takes the list of an order, or tries to. */
export async function takeList(story: Story, bot: string, placed: Placed): Promise<ApiAnswer<unknown>> {
  const botId = await botNamed(story, bot);
  const { id } = await listOf(story, placed);
  return story.tried(await story.api(`POST /api/shopping-lists/${id}/assign`, { botId }));
}

/** The bot that has the list collects what one store has, or tries to. */
export async function collectAt(story: Story, placed: Placed, storeId: string): Promise<ApiAnswer<unknown>> {
  const { id } = await listOf(story, placed);
  return story.tried(await story.api(`POST /api/shopping-lists/${id}/stops/${storeId}/collect`));
}

/** The bot that has the list says that it has everything, or tries to. */
export async function completeList(story: Story, placed: Placed): Promise<ApiAnswer<unknown>> {
  const { id } = await listOf(story, placed);
  return story.tried(await story.api(`POST /api/shopping-lists/${id}/complete`));
}

/** The bot that has the list collects everything. */
export async function collectAll(story: Story, placed: Placed): Promise<void> {
  const { stops } = await listOf(story, placed);
  for (const { storeId } of stops) bodyOf(await collectAt(story, placed, storeId));
  bodyOf(await completeList(story, placed));
}
