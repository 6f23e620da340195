import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Given, Then, When } from "@cucumber/cucumber";
import type { Money } from "@mall/common/money";
import { bodyOf, verdictOf } from "../support/client.ts";
import { assertRefused } from "../support/refusals.ts";
import type { Basket } from "../support/resources.ts";
import { type Goods, known, type Shopper, type Story } from "../support/story.ts";

let count = 0;

Given<Story>("{word} is a shopper", async function (name: string) {
  const email = `${name.toLowerCase()}-${process.pid}-${Date.now()}-${++count}@example.com`;
  const person = { name, email, smsNumber: "+15550100" };
  const { id } = bodyOf(await this.api<{ id: string }>("POST /api/customers", person));
  this.addShopper({ id, name, orders: [] });
});

When<Story>("{shopper} is disabled", async function ({ id }: Shopper) {
  bodyOf(await this.api(`PUT /api/customers/${id}/enabled`, { enabled: false }));
});

When<Story>("{shopper} is enabled again", async function ({ id }: Shopper) {
  bodyOf(await this.api(`PUT /api/customers/${id}/enabled`, { enabled: true }));
});

Given<Story>("{shopper} has an empty basket", startBasket);
When<Story>("{shopper} tries to start a basket", tryToStart);
Given<Story>("{shopper} has {goods} in her/his basket", async function (shopper: Shopper, goods: Goods[]) {
  await startBasket.call(this, shopper);
  await add.call(this, shopper, goods);
});
When<Story>("{shopper} puts {goods} into her/his basket", add);
When<Story>("{shopper} tries to put {goods} into her/his basket", tryToAdd);

async function tryToStart(this: Story, { id }: Shopper) {
  return this.tried(await this.api<Basket>("POST /api/baskets", { customerId: id }));
}

async function startBasket(this: Story, shopper: Shopper) {
  shopper.basketId = bodyOf(await tryToStart.call(this, shopper)).id;
}

async function tryToAdd(this: Story, { basketId }: Shopper, goods: Goods[]) {
  for (const { product, quantity } of goods) {
    const item = { productId: this.productId(product), quantity };
    this.tried(await this.api(`POST /api/baskets/${basketId}/items`, item));
  }
}

async function add(this: Story, shopper: Shopper, goods: Goods[]) {
  for (const one of goods) {
    await tryToAdd.call(this, shopper, [one]);
    bodyOf(this.answer);
  }
}

When<Story>("{shopper} takes {goods} out", takeOut);
When<Story>("{shopper} tries to take {goods} out", takeOut);

async function takeOut(this: Story, { basketId }: Shopper, goods: Goods[]) {
  for (const { product, quantity } of goods) {
    const item = `${basketId}/items/${this.productId(product)}`;
    this.tried(await this.api(`DELETE /api/baskets/${item}?quantity=${quantity}`));
  }
}

When<Story>("{shopper} takes all {word} out", async function ({ basketId }: Shopper, products: string) {
  const productId = this.productId(products.replace(/s$/, ""));
  bodyOf(await this.api(`DELETE /api/baskets/${basketId}/items/${productId}`));
});

When<Story>("{shopper} gives her/his basket up", giveUp);
When<Story>("{shopper} tries to give her/his basket up", giveUp);

async function giveUp(this: Story, { basketId }: Shopper) {
  this.tried(await this.api(`DELETE /api/baskets/${basketId}`));
}

Then<Story>("{whose} basket holds {goods}", async function (shopper: Shopper, goods: Goods[]) {
  const { items } = await this.basketOf(shopper);
  const held = items.map(({ productId, quantity }) => ({ product: productId, quantity }));
  const expected = goods.map(({ product, quantity }) => ({ product: this.productId(product), quantity }));
  deepStrictEqual(held, expected);
});

Then<Story>("{whose} basket holds nothing", async function (shopper: Shopper) {
  deepStrictEqual((await this.basketOf(shopper)).items, []);
});

Then<Story>("{whose} basket comes to {money}", async function (shopper: Shopper, total: Money) {
  deepStrictEqual((await this.basketOf(shopper)).total, total);
});

Then<Story>("{whose} basket is {word}", async function (shopper: Shopper, status: string) {
  const statuses: Record<string, string> = { "checked-out": "checkedOut" };
  strictEqual((await this.basketOf(shopper)).status, statuses[status] ?? status);
});

Then<Story>(
  "{whose} basket shows that a {word} went from {money} to {money}",
  async function (shopper: Shopper, product: string, from: Money, to: Money) {
    const { items } = await this.basketOf(shopper);
    const line = items.find(({ productId }) => productId === this.productId(product));
    deepStrictEqual(line?.priceChanged, { from, to });
  },
);

Then<Story>("{whose} basket shows no changed price", async function (shopper: Shopper) {
  const { items } = await this.basketOf(shopper);
  deepStrictEqual(
    items.filter(({ priceChanged }) => priceChanged),
    [],
  );
});

Then<Story>("this is refused because {}", function (sentence: string) {
  assertRefused(verdictOf(this.answer), sentence);
});

Then<Story>("this is accepted", function () {
  bodyOf(this.answer);
});

Then<Story>("one of the two is refused because {}", function (sentence: string) {
  const [accepted, refused] = this.answers.toSorted((left, right) => left.status - right.status);
  bodyOf(known(accepted, "answer"));
  assertRefused(verdictOf(known(refused, "answer")), sentence);
});
