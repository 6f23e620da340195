import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Given, Then, When } from "@cucumber/cucumber";
import { bodyOf } from "../support/client.ts";
import {
  botNamed,
  collectAll,
  collectAt,
  completeList,
  findList,
  listOf,
  takeList,
  whenListIsAvailable,
} from "../support/collecting.ts";
import { eventually } from "../support/eventually.ts";
import type { Goods, Placed, Story } from "../support/story.ts";

Given<Story>("the bot {word} waits", async function (bot: string) {
  await botNamed(this, bot);
});

When<Story>("the bot {word} takes the list of {order}", async function (bot: string, order: Placed) {
  await whenListIsAvailable(this, order);
  bodyOf(await takeList(this, bot, order));
});

When<Story>("the bot {word} tries to take the list of {order}", async function (bot: string, order: Placed) {
  await takeList(this, bot, order);
});

When<Story>("the goods of {order} are collected at {string}", async function (order: Placed, store: string) {
  bodyOf(await collectAt(this, order, this.storeId(store)));
});

When<Story>("all goods of {order} are collected", async function (order: Placed) {
  await collectAll(this, order);
});

When<Story>("the bot brings the goods of {order}", async function (order: Placed) {
  bodyOf(await completeList(this, order));
});

When<Story>("the bot tries to bring the goods of {order}", async function (order: Placed) {
  await completeList(this, order);
});

Then<Story>("the list of {order} is {word}", async function (order: Placed, status: string) {
  await eventually(`the shopping list of the order ${order.id} is ${status}`, async () => {
    const list = await findList(this, order);
    if (list?.status !== status) throw new Error(`it is ${list?.status ?? "not there"}`);
    return true;
  });
});

Then<Story>("nothing was to be collected for {order}", async function (order: Placed) {
  strictEqual(await findList(this, order), undefined);
});

Then<Story>(
  "{order} has {goods} to collect at {string}",
  async function (order: Placed, goods: Goods[], store: string) {
    const { stops } = await listOf(this, order);
    const stop = stops.find(({ storeId }) => storeId === this.storeId(store));
    deepStrictEqual(
      stop?.items.map(({ productId, quantity }) => ({ productId, quantity })),
      goods.map(({ product, quantity }) => ({ productId: this.productId(product), quantity })),
    );
  },
);

Then<Story>("the bot {word} is {word}", async function (bot: string, status: string) {
  strictEqual(await statusOf(this, bot), status);
});

Then<Story>("the list of {order} ends cancelled, if there is one", async function (order: Placed) {
  await eventually(`the shopping list of the order ${order.id} is cancelled, if there is one`, async () => {
    const list = await findList(this, order);
    if (list && list.status !== "cancelled") throw new Error(`it is ${list.status}`);
    return true;
  });
});

When<Story>(
  "the bots {word} and {word} try to take the list of {order} at once",
  async function (one: string, other: string, order: Placed) {
    this.answers = await Promise.all([takeList(this, one, order), takeList(this, other, order)]);
  },
);

Then<Story>("one of the bots {word} and {word} is active", async function (one: string, other: string) {
  const statuses = await Promise.all([one, other].map((bot) => statusOf(this, bot)));
  deepStrictEqual(statuses.toSorted(), ["active", "idle"]);
});

async function statusOf(story: Story, bot: string): Promise<string> {
  const route = `GET /api/bots/${story.botId(bot)}` as const;
  return bodyOf(await story.api<{ status: string }>(route)).status;
}
