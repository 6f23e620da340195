import { money } from "@mall/common/money";
import {
  ProductPriceDecreased,
  ProductPriceIncreased,
  ProductRebranded,
  ProductRemoved,
  StoreOpened,
  StoreParticipationChanged,
  StoreRebranded,
} from "@mall/stores/contract";
import { uuidv7 } from "tidings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FoundProduct } from "./schemas.ts";
import { type Found, readAll, startSearch } from "./search.fixture.ts";

let world: Awaited<ReturnType<typeof startSearch>>;
let lantern: string;
beforeAll(async () => {
  world = await startSearch();
  lantern = await world.openStore("The Paper Lantern");
  await world.addProduct({ storeId: lantern, name: "Travelling ink", sku: "INK-07", price: money(1299) });
  await world.addProduct({
    storeId: lantern,
    name: "Blue notebook",
    description: "For ink.",
    price: money(899),
  });
  const anvil = await world.openStore("Anvil & Sons");
  await world.addProduct({ storeId: anvil, name: "Brass lamp", sku: "LAMP'S", price: money(899) });
  await world.addProduct({ storeId: anvil, name: 'Örtchen \\ 100% "möbel" 日本 🪁', price: money(50) });
  await world.settle();
});
afterAll(() => world?.close());

async function find(query: string): Promise<readonly FoundProduct[]> {
  const { status, body } = await world.api<Found<FoundProduct>>(`GET /api/search/products?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.items;
}

async function namesOf(q: string): Promise<string[]> {
  return (await find(`q=${encodeURIComponent(q)}`)).map(({ name }) => name);
}

describe("a search for products", () => {
  it("answers the product with its store", async () => {
    const [found] = await find("q=travelling");
    expect(found).toEqual({
      id: found?.id,
      storeId: lantern,
      storeName: "The Paper Lantern",
      storeParticipating: false,
      name: "Travelling ink",
      description: "",
      sku: "INK-07",
      price: money(1299),
    });
  });

  it.each([
    ["a word of the name", "notebook", ["Blue notebook"]],
    ["another form of a word", "notebooks", ["Blue notebook"]],
    ["the beginning of a word", "note", ["Blue notebook"]],
    ["a word and the beginning of another", "travelling in", ["Travelling ink"]],
    ["a sku", "INK-07", ["Travelling ink"]],
    ["the store's name", "anvil lamp", ["Brass lamp"]],
    ["what is in the name before what is in the description", "ink", ["Travelling ink", "Blue notebook"]],
    ["a word and without another", "ink -blue", ["Travelling ink"]],
    ["one word or another", "notebook or lamp", ["Blue notebook", "Brass lamp"]],
    ["a phrase", '"travelling ink"', ["Travelling ink"]],
    ["words in another order than the phrase", '"ink travelling"', []],
    ["words among stop words", "the lamp of the", ["Brass lamp"]],
    ["nothing that there is", "zeppelin", []],
    ["a word with a wrong letter", "travling", ["Travelling ink"]],
    ["a store's name with a wrong letter", "lantren", ["Blue notebook", "Travelling ink"]],
    ["a word with a wrong letter, excluded", "-travling notbook", []],
  ])("finds %s: %j", async (_, q, names) => {
    const found = await namesOf(q);
    expect(q.includes(" or ") || q === "lantren" ? found.toSorted() : found).toEqual(names);
  });

  it("finds nothing by a wrong letter where the server has no pg_trgm, and all else", async () => {
    const other = await startSearch();
    try {
      await other.addProduct({ name: "Travelling ink" });
      await other.settle();
      await other.host.application.host.runtime("search").pool.query("drop extension pg_trgm");
      const first = await other.api<Found<FoundProduct>>("GET /api/search/products?q=travling");
      const second = await other.api<Found<FoundProduct>>("GET /api/search/products?q=travelling");
      expect([first.status, first.body.items.length]).toEqual([200, 0]);
      expect([second.status, second.body.items.length]).toEqual([200, 1]);
    } finally {
      await other.close();
    }
  });

  it("with only stop words finds products that have them", async () => {
    await expect(namesOf("the")).resolves.toEqual(
      expect.arrayContaining(["Travelling ink", "Blue notebook"]),
    );
    await expect(namesOf('"of the"')).resolves.toEqual([]);
  });

  it.each([
    "'",
    "''",
    '"',
    '"a',
    "\\",
    "a\\",
    "\\'; drop table products; --",
    "LAMP'S",
    "a & b | !c",
    ":*",
    "a:*b",
    "()",
    "((",
    "<->",
    "%",
    "_",
    "日本",
    "ö",
    "🪁",
    "-",
    "--",
    "- -",
    "or",
    "or or",
    "-or",
    "or -",
    "*",
    "ink:*",
    "İ",
    "ﬀ",
    "e\u0301",
    "\u200b",
    "a\u0301:",
    "x".repeat(200),
    '"'.repeat(200),
    "\\".repeat(200),
    "-a ".repeat(66),
    "or ".repeat(66),
    "🪁".repeat(200),
  ])("takes %j as text", async (q) => {
    await find(`q=${encodeURIComponent(q)}`);
  });

  it("finds words of other scripts", async () => {
    expect(await namesOf("日本")).toEqual(['Örtchen \\ 100% "möbel" 日本 🪁']);
    expect(await namesOf("MÖBEL")).toHaveLength(1);
  });

  it("without words answers all products, by name; blank words are none", async () => {
    const names = ["Blue notebook", "Brass lamp", "Travelling ink", 'Örtchen \\ 100% "möbel" 日本 🪁'];
    expect((await find("")).map(({ name }) => name)).toEqual(names);
    expect(await namesOf("  ")).toEqual(names);
  });

  it.each([
    ["storeId", () => `storeId=${lantern}`, ["Blue notebook", "Travelling ink"]],
    ["another storeId", () => `storeId=${uuidv7()}`, []],
    ["minPrice", () => "minPrice=899", ["Blue notebook", "Brass lamp", "Travelling ink"]],
    ["maxPrice", () => "minPrice=51&maxPrice=899", ["Blue notebook", "Brass lamp"]],
    ["words and a store", () => `q=ink&storeId=${lantern}&maxPrice=1000`, ["Blue notebook"]],
    ["a range that is empty", () => "minPrice=2&maxPrice=1", []],
  ])("is narrowed by %s", async (_, query, names) => {
    expect((await find(query())).map(({ name }) => name)).toEqual(names);
  });

  it.each([
    ["price", [50, 899, 899, 1299]],
    ["-price", [1299, 899, 899, 50]],
  ])("is sorted by %s, over pages, with equal prices", async (sort, amounts) => {
    for (const limit of [1, 2, 3]) {
      const all = await readAll<FoundProduct>(world.api, `/api/search/products?sort=${sort}`, limit);
      expect(all.map(({ price }) => price.amount)).toEqual(amounts);
      expect(new Set(all.map(({ id }) => id)).size).toBe(4);
    }
  });

  it.each([
    ["sort=name", 4],
    ["sort=-name", 4],
    ["q=ink", 2],
    ["q=lantren", 2],
    ["q=lantren&sort=price", 2],
    ["q=lantern&sort=-name", 2],
  ])("is read page by page as at once: %s", async (query, count) => {
    const all = await readAll<FoundProduct>(world.api, `/api/search/products?${query}`, 1);
    expect(all).toEqual(await find(query));
    expect(all).toHaveLength(count);
    if (query.endsWith("=-name"))
      expect(all).toEqual((await find(query.replace("-name", "name"))).toReversed());
  });

  it.each([
    ["/q", `q=${"x".repeat(201)}`],
    ["/q", "q=a%00b"],
    ["/q", "q=a&q=b"],
    ["/storeId", "storeId=42"],
    ["/minPrice", "minPrice=-1"],
    ["/minPrice", "minPrice=1.5"],
    ["/minPrice", "minPrice="],
    ["/maxPrice", "maxPrice=9007199254740993"],
    ["/sort", "sort=sku"],
    ["/sort", "sort=relevance"],
    ["/limit", "limit=0"],
    ["/limit", "limit=201"],
    ["/cursor", "cursor=x"],
    [
      "/cursor",
      `sort=price&cursor=${Buffer.from('["all","a","01981f4a-7c00-7000-8000-000000000001"]').toString("base64url")}`,
    ],
    [
      "/cursor",
      `cursor=${Buffer.from('["all",1,"01981f4a-7c00-7000-8000-000000000001"]').toString("base64url")}`,
    ],
  ])("is refused for its %s: %s", async (pointer, query) => {
    const { status, body } = await world.api<{ errors: { pointer: string }[] }>(
      `GET /api/search/products?${query}`,
    );
    expect([status, body.errors?.map((error) => error.pointer)]).toEqual([422, [pointer]]);
  });
});

describe("a product that was found", () => {
  it("follows its name, its price, its store's name and participation, and its removal", async () => {
    const { tell, settle } = world;
    const storeId = await world.openStore("Umbrella Works");
    const productId = await world.addProduct({ storeId, name: "Parasol", price: money(100) });
    await tell(ProductRebranded, { productId, name: "Sunshade", description: "Wide." });
    await tell(ProductPriceIncreased, { productId, from: money(100), to: money(300) });
    await tell(ProductPriceDecreased, { productId, from: money(300), to: money(200) });
    await tell(StoreRebranded, { storeId, name: "Canopy Works" });
    await tell(StoreParticipationChanged, { storeId, participating: true });
    await settle();
    expect(await find("q=canopy sunshade wide")).toMatchObject([
      { name: "Sunshade", price: money(200), storeName: "Canopy Works", storeParticipating: true },
    ]);
    expect(await namesOf("parasol")).toEqual([]);
    expect(await namesOf('"umbrella works"')).toEqual([]);
    await tell(ProductRemoved, { productId, storeId });
    await settle();
    expect(await find(`storeId=${storeId}`)).toEqual([]);
  });

  it("is found without its store, which it gets when the store is heard of", async () => {
    const storeId = uuidv7();
    await world.addProduct({ storeId, name: "Early bird" });
    await world.settle();
    const [early] = await find("q=early");
    expect(early).toMatchObject({ storeId, storeParticipating: false });
    expect(early).not.toHaveProperty("storeName");
    await world.tell(StoreOpened, { storeId, name: "Late Store", location: "East" });
    await world.settle();
    expect(await find("q=late+early")).toMatchObject([{ name: "Early bird", storeName: "Late Store" }]);
  });
});
