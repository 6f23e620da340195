import { strictEqual } from "node:assert/strict";
import { type DataTable, Given, Then, When } from "@cucumber/cucumber";
import type { Money } from "@mall/common/money";
import { bodyOf, readAll, verdictOf } from "../support/client.ts";
import type { Story } from "../support/story.ts";
import { moneyIn } from "../support/words.ts";

let count = 0;

interface Offer {
  readonly store: string;
  readonly product: string;
  readonly price: string;
}

Given<Story>("the mall has these stores:", async function (table: DataTable) {
  for (const { store, product, price } of table.hashes() as unknown as Offer[]) {
    if (!this.stores.has(store)) this.stores.set(store, await openStore(this, store));
    const offer = {
      name: product,
      description: "As good as it looks.",
      sku: `SKU-${++count}`,
      price: moneyIn(price),
    };
    const route = `POST /api/stores/${this.storeId(store)}/products` as const;
    this.products.set(product, bodyOf(await this.api<{ id: string }>(route, offer)).id);
  }
});

async function openStore({ api }: Story, name: string): Promise<string> {
  const { id } = bodyOf(await api<{ id: string }>("POST /api/stores", { name, location: "North wing" }));
  bodyOf(await api(`PUT /api/stores/${id}/participation`, { participating: true }));
  return id;
}

When<Story>("{string} leaves the mall", async function (store: string) {
  bodyOf(await this.api(`PUT /api/stores/${this.storeId(store)}/participation`, { participating: false }));
});

When<Story>("{string} comes back to the mall", async function (store: string) {
  bodyOf(await this.api(`PUT /api/stores/${this.storeId(store)}/participation`, { participating: true }));
});

When<Story>("{string} is renamed {string}", async function (store: string, name: string) {
  const id = this.storeId(store);
  bodyOf(await this.api(`PUT /api/stores/${id}/name`, { name }));
  this.stores.set(name, id);
});

When<Story>("a {word} comes to cost {money}", async function (product: string, price: Money) {
  bodyOf(await this.api(`PUT /api/products/${this.productId(product)}/price`, { price }));
});

When<Story>("the {word} is sold as {string}", async function (product: string, name: string) {
  bodyOf(await this.api(`PATCH /api/products/${this.productId(product)}`, { name }));
});

When<Story>("the {word} is not sold any more", async function (product: string) {
  bodyOf(await this.api(`DELETE /api/products/${this.productId(product)}`));
  await readAll(this.api, "/api/bots"); // the depot has heard of it, too, when it answers what came before
});

Then<Story>("nobody can look at the {word} any more", async function (product: string) {
  strictEqual(verdictOf(await this.api(`GET /api/products/${this.productId(product)}`)), "404 not-found");
});
