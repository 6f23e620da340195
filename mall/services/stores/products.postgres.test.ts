import { httpClient } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { startTestHost } from "@tidings/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stores } from "./service.ts";

interface Product {
  readonly id: string;
  readonly sku: string;
}

const unknownId = "01981f4a-7c00-7000-8000-0000000000ff";
const ink = { name: "Ink", description: "Blue.", sku: "INK-07", price: money(1299) };
let host: Awaited<ReturnType<typeof startTestHost>>;
let api: ReturnType<typeof httpClient>;

beforeAll(async () => {
  host = await startTestHost([stores]);
  api = httpClient(host.url);
});
afterAll(() => host?.close());

async function openStore() {
  return (await api<{ id: string }>("POST /api/stores", { name: "Store", location: "North wing" })).body.id;
}

async function add(product: object = ink, storeId?: string) {
  return (await api<Product>(`POST /api/stores/${storeId ?? (await openStore())}/products`, product)).body;
}

describe("adding a product", () => {
  it("answers where it is, the product, and its version", async () => {
    const storeId = await openStore();
    const { status, headers, body } = await api<Product>(`POST /api/stores/${storeId}/products`, ink);
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`/api/products/${body.id}`);
    expect(headers.get("etag")).toBe('"1"');
    expect(body).toEqual({ id: body.id, storeId, ...ink });
    const read = await api(`GET /api/products/${body.id}`);
    expect([read.status, read.headers.get("etag"), read.body]).toEqual([200, '"1"', body]);
  });

  it("needs a store that exists", async () => {
    for (const id of [unknownId, "42"])
      expect((await api(`POST /api/stores/${id}/products`, ink)).status).toBe(404);
  });

  it.each([
    ["/name", { name: " " }],
    ["/description", { description: "x".repeat(4001) }],
    ["/sku", { sku: "" }],
    ["/sku", { sku: "x".repeat(65) }],
    ["/price/amount", { price: money(-1) }],
    ["/price/amount", { price: money(12.5) }],
    ["/price/amount", { price: { amount: "1299", currency: "USD" } }],
    ["/price/currency", { price: { amount: 1299, currency: "EUR" } }],
    ["/price", { price: 1299 }],
  ])("is refused for its %s: %j", async (pointer, wrong) => {
    const { status, body } = await api<{ errors: { pointer: string }[] }>(
      `POST /api/stores/${await openStore()}/products`,
      { ...ink, ...wrong },
    );
    expect([status, body.errors.map((error) => error.pointer)]).toEqual([422, [pointer]]);
  });

  it("is refused when another product of the store has the sku, but not when one of another store has it", async () => {
    const storeId = await openStore();
    await add(ink, storeId);
    const again = await api(`POST /api/stores/${storeId}/products`, { ...ink, name: "Other ink" });
    expect(again).toMatchObject({ status: 409, body: { rule: "sku-already-used" } });
    expect((await api(`POST /api/stores/${await openStore()}/products`, ink)).status).toBe(201);
  });

  it("happens once when many ask for the same sku at once", async () => {
    const storeId = await openStore();
    const adding = Array.from({ length: 8 }, () => api(`POST /api/stores/${storeId}/products`, ink));
    const statuses = (await Promise.all(adding)).map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array(7).fill(409)]);
    expect((await api<{ items: [] }>(`GET /api/stores/${storeId}/products`)).body.items).toHaveLength(1);
  });
});

describe("a product", () => {
  it("is given another name or description", async () => {
    const product = await add();
    const first = await api(`PATCH /api/products/${product.id}`, { name: "Traveller's ink" });
    expect(first).toMatchObject({ status: 200, body: { ...product, name: "Traveller's ink" } });
    const second = await api(`PATCH /api/products/${product.id}`, { description: "" });
    expect(second.headers.get("etag")).toBe('"3"');
    expect(second.body).toEqual({ ...product, name: "Traveller's ink", description: "" });
    expect((await api(`PATCH /api/products/${product.id}`, {})).headers.get("etag")).toBe('"3"');
    expect((await api(`PATCH /api/products/${product.id}`, { name: " " })).status).toBe(422);
    expect((await api(`GET /api/products/${product.id}`)).body).toEqual(second.body);
  });

  it("becomes dearer and cheaper, and stays at its version when the price stays", async () => {
    const product = await add();
    const reprice = (price: object) => api(`PUT /api/products/${product.id}/price`, { price });
    for (const [amount, version] of [
      [1399, 2],
      [0, 3],
      [0, 3],
    ] as const) {
      const { status, headers, body } = await reprice(money(amount));
      expect([status, headers.get("etag"), body]).toEqual([
        200,
        `"${version}"`,
        { ...product, price: money(amount) },
      ]);
    }
    expect((await reprice({ amount: 1, currency: "EUR" })).status).toBe(422);
    expect((await reprice(money(-1))).status).toBe(422);
    expect((await api(`GET /api/products/${product.id}`)).body).toEqual({ ...product, price: money(0) });
  });

  it("is unknown to everything once it is removed, and its sku is free", async () => {
    const storeId = await openStore();
    const { id } = await add(ink, storeId);
    const removed = await api(`DELETE /api/products/${id}`);
    expect([removed.status, removed.body]).toEqual([204, undefined]);
    for (const { status } of [
      await api(`GET /api/products/${id}`),
      await api(`PATCH /api/products/${id}`, { name: "x" }),
      await api(`PUT /api/products/${id}/price`, { price: money(1) }),
      await api(`PUT /api/products/${id}/price`, { price: money(1) }, { "if-match": '"1"' }),
      await api(`DELETE /api/products/${id}`),
    ]) {
      expect(status).toBe(404);
    }
    expect((await api<{ items: [] }>(`GET /api/stores/${storeId}/products`)).body.items).toEqual([]);
    expect((await api(`POST /api/stores/${storeId}/products`, ink)).status).toBe(201);
  });

  it("is not changed or removed by a request that names an old version", async () => {
    const { id } = await add();
    await api(`PUT /api/products/${id}/price`, { price: money(1) });
    const stale = { "if-match": '"1"' };
    expect((await api(`PATCH /api/products/${id}`, { name: "x" }, stale)).status).toBe(412);
    expect((await api(`PUT /api/products/${id}/price`, { price: money(2) }, stale)).status).toBe(412);
    expect((await api(`DELETE /api/products/${id}`, undefined, stale)).status).toBe(412);
    expect((await api(`DELETE /api/products/${id}`, undefined, { "if-match": '"2"' })).status).toBe(204);
  });

  it.each([unknownId, "42"])("is not found under the id %j", async (id) => {
    expect((await api(`GET /api/products/${id}`)).status).toBe(404);
    expect((await api(`PATCH /api/products/${id}`, { name: "x" })).status).toBe(404);
    expect((await api(`PUT /api/products/${id}/price`, { price: money(1) })).status).toBe(404);
    expect((await api(`DELETE /api/products/${id}`)).status).toBe(404);
  });
});

describe("the products of a store", () => {
  it("are shown page by page, oldest first, without those of other stores", async () => {
    const storeId = await openStore();
    await add();
    for (const sku of ["A", "B", "C"]) await add({ ...ink, sku }, storeId);
    type List = { items: Product[]; next: string | null };
    const first = (await api<List>(`GET /api/stores/${storeId}/products?limit=2`)).body;
    const second = (await api<List>(`GET /api/stores/${storeId}/products?limit=2&cursor=${first.next}`)).body;
    expect(first.items.map(({ sku }) => sku)).toEqual(["A", "B"]);
    expect(second.items.map(({ sku }) => sku)).toEqual(["C"]);
    expect(second.next).toBeNull();
  });

  it.each(["limit=0", "limit=201", "cursor=x"])("are not shown with %s", async (query) => {
    expect((await api(`GET /api/stores/${await openStore()}/products?${query}`)).status).toBe(422);
  });
});
