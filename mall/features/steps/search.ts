import { deepStrictEqual } from "node:assert/strict";
import { type DataTable, Then } from "@cucumber/cucumber";
import type { Money } from "@mall/common/money";
import { readAll } from "../support/client.ts";
import { eventuallyEqual } from "../support/eventually.ts";
import type { FoundOrder } from "../support/resources.ts";
import type { Placed, Shopper, Story } from "../support/story.ts";
import { moneyIn } from "../support/words.ts";

interface FoundProduct {
  readonly name: string;
  readonly storeName: string;
  readonly price: Money;
}

async function searchIn({ api, stores }: Story, text: string): Promise<FoundProduct[]> {
  const query = `q=${encodeURIComponent(text)}&sort=name`;
  const found = [];
  for (const id of new Set(stores.values()))
    found.push(...(await readAll<FoundProduct>(api, `/api/search/products?storeId=${id}&${query}`)));
  return found;
}

Then<Story>("searching for {string} finds:", async function (text: string, table: DataTable) {
  const found = await searchIn(this, text);
  const expected = table.hashes().map(({ product = "", store = "", price = "" }) => {
    return { name: product, storeName: store, price: moneyIn(price) };
  });
  deepStrictEqual(
    found.map(({ name, storeName, price }) => ({ name, storeName, price })),
    expected,
  );
});

Then<Story>("searching for {string} finds nothing", async function (text: string) {
  deepStrictEqual(await searchIn(this, text), []);
});

Then<Story>(
  "{order} is found among {whose} {word} orders",
  async function (order: Placed, shopper: Shopper, status: string) {
    const path = `/api/search/orders?customerId=${shopper.id}&status=${status}` as const;
    const look = async () => (await readAll<FoundOrder>(this.api, path)).map(({ id }) => id);
    await eventuallyEqual(`the order ${order.id} is found as ${status}`, look, [order.id]);
  },
);

Then<Story>(
  "{order} is not found among {whose} {word} orders",
  async function (order: Placed, shopper: Shopper, status: string) {
    const path = `/api/search/orders?customerId=${shopper.id}&status=${status}` as const;
    const ids = (await readAll<FoundOrder>(this.api, path)).map(({ id }) => id);
    deepStrictEqual(
      ids.filter((id) => id === order.id),
      [],
    );
  },
);

Then<Story>("{order} is found among the orders of {string}", async function (order: Placed, store: string) {
  const path = `/api/search/orders?storeId=${this.storeId(store)}` as const;
  const look = async () => (await readAll<FoundOrder>(this.api, path)).map(({ id }) => id);
  await eventuallyEqual(`the order ${order.id} is found by its store`, look, [order.id]);
});
