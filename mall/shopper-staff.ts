import { setTimeout as pause } from "node:timers/promises";
import { money } from "@mall/common/money";
import type { ShopperClient } from "./shopper-client.ts";
import type { Random } from "./shopper-random.ts";

interface Store {
  readonly id: string;
  readonly name: string;
}

interface Product {
  readonly id: string;
  readonly name: string;
  readonly price: { readonly amount: number };
}

interface PageAnswer<Item> {
  readonly items: Item[];
  readonly next: string | null;
}

const storeNames = ["Hare & Compass", "The Slow Kettle", "Vellum Row", "Tin and Thimble"];
const goods = ["Ink", "Teapot", "Lantern", "Notebook", "Thimble", "Compass", "Brass cup", "Map of paper"];
const marks = ["old", "blue", "travelling", "small", "spare", "Sunday"];
const location = "The busy corner";

/** The people behind the counters of the stores where shoppers and prices come and go. */
export interface Staff {
  /** Changes something in one of their stores. */
  act(random: Random): Promise<void>;
}

/** Opens the stores, or finds those of an earlier time again. The mall's other stores are left alone. */
export async function openStores(client: ShopperClient, random: Random): Promise<Staff> {
  const known = await allStores(client);
  const stores: Store[] = [];
  for (const name of storeNames) {
    const found = known.find((store) => store.name.startsWith(name) && store.location === location);
    stores.push(found ?? (await openStore(client, name, random)));
  }
  for (const { id } of stores) await participate(client, id, true);
  return { act: (choices) => act(client, choices.pick(stores), choices) };
}

async function allStores({ call }: ShopperClient): Promise<(Store & { location: string })[]> {
  const stores: (Store & { location: string })[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await call<PageAnswer<(typeof stores)[number]>>(`GET /api/stores?limit=200${cursor}`);
    stores.push(...body.items);
    if (body.next === null) return stores;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
}

async function openStore(client: ShopperClient, name: string, random: Random): Promise<Store> {
  const { body } = await client.call<Store>("POST /api/stores", { body: { name, location } });
  for (let shelf = 0; shelf < 8; shelf++) await addProduct(client, body.id, random);
  return body;
}

async function addProduct({ call }: ShopperClient, storeId: string, random: Random): Promise<void> {
  const product = {
    name: `${random.pick(goods)}, ${random.pick(marks)}`,
    description: "From the busy corner.",
    sku: `BUSY-${random.between(1, 999_999)}`,
    price: money(random.between(1, 9_999)),
  };
  await call(`POST /api/stores/${storeId}/products`, { body: product, refusals: ["409 sku-already-used"] });
}

async function act(client: ShopperClient, store: Store, random: Random): Promise<void> {
  const kind = random.fraction();
  if (kind < 0.1) return leaveAndRejoin(client, store);
  if (kind < 0.15) return rename(client, store, random);
  if (kind < 0.25) return addProduct(client, store.id, random);
  const path = `/api/stores/${store.id}/products?limit=200` as const;
  const { items } = (await client.call<PageAnswer<Product>>(`GET ${path}`)).body;
  if (items.length < 4) return addProduct(client, store.id, random);
  const product = random.pick(items);
  if (kind < 0.35) return remove(client, store, product, random);
  if (kind < 0.45) return rebrand(client, product, random);
  await reprice(client, product, random);
}

async function participate({ call }: ShopperClient, id: string, participating: boolean): Promise<void> {
  await call(`PUT /api/stores/${id}/participation`, { body: { participating } });
}

async function leaveAndRejoin(client: ShopperClient, { id }: Store): Promise<void> {
  await participate(client, id, false);
  await pause(100, undefined, { signal: client.place.signal });
  await participate(client, id, true);
}

async function rename({ call }: ShopperClient, { id, name }: Store, random: Random): Promise<void> {
  const base = storeNames.find((known) => name.startsWith(known)) ?? name;
  const body = { name: random.chance(0.5) ? base : `${base}, ${random.pick(marks)}` };
  await call(`PUT /api/stores/${id}/name`, { body });
}

/** Two clerks may choose the same product: then the second finds it gone. */
const gone = ["404 not-found"];

async function remove(client: ShopperClient, store: Store, product: Product, random: Random): Promise<void> {
  await client.call(`DELETE /api/products/${product.id}`, { refusals: gone });
  await addProduct(client, store.id, random);
}

async function rebrand({ call }: ShopperClient, { id }: Product, random: Random): Promise<void> {
  const body = { name: `${random.pick(goods)}, ${random.pick(marks)}` };
  await call(`PATCH /api/products/${id}`, { body, refusals: gone });
}

async function reprice({ call }: ShopperClient, { id, price }: Product, random: Random): Promise<void> {
  const amount = Math.max(0, Math.round(price.amount * (0.7 + 0.6 * random.fraction())));
  await call(`PUT /api/products/${id}/price`, { body: { price: money(amount) }, refusals: gone });
}
