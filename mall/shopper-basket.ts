import type { Money } from "@mall/common/money";
import type { ShopperClient } from "./shopper-client.ts";
import type { Plan } from "./shopper-plan.ts";

/** A basket, as far as shoppers care. */
export interface Basket {
  readonly id: string;
  readonly items: readonly { readonly productId: string; readonly quantity: number }[];
  readonly total: Money;
}

interface Listed {
  readonly items: readonly { readonly id: string }[];
}

/** Looks around, and fills a basket. @returns undefined when the shopper found nothing, or left the basket */
export async function fillBasket(
  client: ShopperClient,
  customerId: string,
  plan: Plan,
): Promise<Basket | undefined> {
  await client.call(`GET /api/search/products?q=${encodeURIComponent(plan.searchesFor)}&limit=10`);
  let basket = (await client.call<Basket>("POST /api/baskets", { body: { customerId } })).body;
  for (const product of await choose(client, plan)) basket = await add(client, basket, product);
  basket = await changeMind(client, basket, plan);
  if (basket.items.length > 0 && !plan.leavesBasket) return basket;
  await leaveBasket(client, basket);
  return undefined;
}

/** Gives a basket up. */
export async function leaveBasket({ call }: ShopperClient, { id }: Basket): Promise<void> {
  await call(`DELETE /api/baskets/${id}`);
}

interface Choice {
  readonly productId: string;
  readonly quantity: number;
}

/** Looks at the stores, and into each one that the plan leads to. */
async function choose({ call }: ShopperClient, { lines }: Plan): Promise<Choice[]> {
  const stores = (await call<Listed>("GET /api/stores?participating=true&limit=200")).body.items;
  const choices: Choice[] = [];
  for (const line of lines) {
    const store = at(stores, line.store);
    if (!store) continue;
    const products = (await call<Listed>(`GET /api/stores/${store.id}/products?limit=50`)).body.items;
    const product = at(products, line.product);
    if (product) choices.push({ productId: product.id, quantity: line.quantity });
  }
  return choices;
}

/** A product may be gone and a store may have left since the shopper looked: then the basket stays as it is. */
async function add({ call }: ShopperClient, basket: Basket, product: Choice): Promise<Basket> {
  const refusals = ["404 not-found", "409 store-does-not-participate"];
  const { body, refusal } = await call<Basket>(`POST /api/baskets/${basket.id}/items`, {
    body: product,
    refusals,
  });
  return refusal === undefined ? body : basket;
}

async function changeMind({ call }: ShopperClient, basket: Basket, { removes }: Plan): Promise<Basket> {
  const [first] = basket.items;
  if (!first || removes === "nothing") return basket;
  const path = `DELETE /api/baskets/${basket.id}/items/${first.productId}` as const;
  return (await call<Basket>(removes === "a unit" ? `${path}?quantity=1` : path)).body;
}

function at<Item>(items: readonly Item[], fraction: number): Item | undefined {
  return items[Math.floor(fraction * items.length)];
}
