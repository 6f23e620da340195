import type { Api } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addItem,
  addProduct,
  type BasketAnswer,
  create,
  fillBasket,
  openStore,
  type ProblemAnswer,
  problemOf,
  register,
  startBasket,
  startMall,
  unknownId,
} from "./mall.fixture.ts";

let mall: Awaited<ReturnType<typeof startMall>>;
let api: Api;

beforeAll(async () => {
  mall = await startMall();
  api = mall.api;
});
afterAll(() => mall?.close());

async function readBasket(id: string) {
  return (await api<BasketAnswer>(`GET /api/baskets/${id}`)).body;
}

describe("starting a basket", () => {
  it("answers where it is, the basket, and its version", async () => {
    const customerId = await register(api);
    const { status, headers, body } = await api<BasketAnswer>("POST /api/baskets", { customerId });
    expect([status, headers.get("location"), headers.get("etag")]).toEqual([
      201,
      `/api/baskets/${body.id}`,
      '"1"',
    ]);
    expect(body).toEqual({ id: body.id, customerId, status: "open", items: [], total: money(0) });
    const read = await api(`GET /api/baskets/${body.id}`);
    expect([read.status, read.headers.get("etag"), read.body]).toEqual([200, '"1"', body]);
  });

  it("needs a customer who is known", async () => {
    expect(problemOf(await api("POST /api/baskets", { customerId: unknownId }))).toBe("404 not-found");
    expect(problemOf(await api("POST /api/baskets", { customerId: "mina" }))).toBe("422 validation-failed");
  });

  it("needs a customer who is enabled, at the moment of starting", async () => {
    const customerId = await register(api);
    await api(`PUT /api/customers/${customerId}/enabled`, { enabled: false });
    expect(problemOf(await api("POST /api/baskets", { customerId }))).toBe("409 customer-is-disabled");
    await api(`PUT /api/customers/${customerId}/enabled`, { enabled: true });
    expect(problemOf(await api("POST /api/baskets", { customerId }))).toBe("201");
  });
});

describe("adding an item", () => {
  it("answers the basket with the product, its store, its price, and the total", async () => {
    const { basketId, customerId, productId, storeId } = await fillBasket(api);
    const other = await addProduct(api, storeId, 1);
    const { status, headers, body } = await addItem(api, basketId, other, 3);
    expect([status, headers.get("etag")]).toEqual([200, '"3"']);
    const line = { productName: "Travelling ink", storeId, storeName: "The Paper Lantern" };
    expect(body).toEqual({
      id: basketId,
      customerId,
      status: "open",
      items: [
        { productId, ...line, quantity: 2, price: money(1299) },
        { productId: other, ...line, quantity: 3, price: money(1) },
      ],
      total: money(2601),
    });
    expect(await readBasket(basketId)).toEqual(body);
  });

  it("raises the quantity of a product that is there, up to 999 and no further", async () => {
    const { basketId, productId } = await fillBasket(api);
    const { body } = await addItem(api, basketId, productId, 997);
    expect(body).toMatchObject({ items: [{ quantity: 999 }], total: money(999 * 1299) });
    const more = await addItem(api, basketId, productId, 1);
    expect(problemOf(more)).toBe("422 validation-failed");
    expect(more.body.errors).toMatchObject([{ pointer: "/quantity" }]);
    expect(await readBasket(basketId)).toEqual(body);
  });

  it("needs a quantity from 1 to 999", async () => {
    const { basketId, productId } = await fillBasket(api);
    for (const quantity of [0, -1, 1.5, 1000]) {
      const answer = await api<ProblemAnswer>(`POST /api/baskets/${basketId}/items`, { productId, quantity });
      expect(problemOf(answer)).toBe("422 validation-failed");
      expect(answer.body.errors).toMatchObject([{ pointer: "/quantity" }]);
    }
  });

  it("needs a product that is on sale", async () => {
    const { basketId, productId } = await fillBasket(api);
    expect(problemOf(await addItem(api, basketId, unknownId))).toBe("404 not-found");
    await api(`DELETE /api/products/${productId}`);
    expect(problemOf(await addItem(api, basketId, productId))).toBe("404 not-found");
  });

  it("needs a store that participates, at the moment of adding", async () => {
    const basketId = await startBasket(api);
    const storeId = await create(api, "POST /api/stores", { name: "Closed", location: "North wing" });
    const productId = await addProduct(api, storeId);
    expect(problemOf(await addItem(api, basketId, productId))).toBe("409 store-does-not-participate");
    await api(`PUT /api/stores/${storeId}/participation`, { participating: true });
    expect(problemOf(await addItem(api, basketId, productId))).toBe("200");
    await api(`PUT /api/stores/${storeId}/participation`, { participating: false });
    expect(problemOf(await addItem(api, basketId, productId))).toBe("409 store-does-not-participate");
  });

  it("shows the names that the product and its store have by then", async () => {
    const basketId = await startBasket(api);
    const storeId = await openStore(api, "Old name");
    const productId = await addProduct(api, storeId);
    await api(`PATCH /api/products/${productId}`, { name: "New product" });
    await api(`PUT /api/stores/${storeId}/name`, { name: "New store" });
    const { body } = await addItem(api, basketId, productId);
    expect(body.items).toMatchObject([{ productName: "New product", storeName: "New store" }]);
  });
});

describe("a price change", () => {
  it("flags the line with both prices, and no longer when the old price is back", async () => {
    const { basketId, productId } = await fillBasket(api);
    await api(`PUT /api/products/${productId}/price`, { price: money(1399) });
    expect(await readBasket(basketId)).toMatchObject({
      items: [{ price: money(1299), priceChanged: { from: money(1299), to: money(1399) } }],
      total: money(2598),
    });
    await api(`PUT /api/products/${productId}/price`, { price: money(999) });
    expect((await readBasket(basketId)).items[0]?.priceChanged).toEqual({
      from: money(1299),
      to: money(999),
    });
    await api(`PUT /api/products/${productId}/price`, { price: money(1299) });
    expect((await readBasket(basketId)).items[0]).not.toHaveProperty("priceChanged");
  });

  it("does not change a line of the same product that grows, and is flagged in that answer too", async () => {
    const { basketId, productId } = await fillBasket(api);
    await api(`PUT /api/products/${productId}/price`, { price: money(1399) });
    expect((await addItem(api, basketId, productId, 1)).body.items).toMatchObject([
      { quantity: 3, price: money(1299), priceChanged: { from: money(1299), to: money(1399) } },
    ]);
  });
});

describe("removing an item", () => {
  it("takes out so many units, and the line with the last of them", async () => {
    const { basketId, productId } = await fillBasket(api);
    const route = `DELETE /api/baskets/${basketId}/items/${productId}?quantity=1` as const;
    expect(await api(route)).toMatchObject({
      status: 200,
      body: { items: [{ quantity: 1 }], total: money(1299) },
    });
    expect(await api(route)).toMatchObject({ status: 200, body: { items: [], total: money(0) } });
    expect(problemOf(await api(route))).toBe("404 not-found");
  });

  it("takes out the whole line when no quantity is given", async () => {
    const { basketId, productId } = await fillBasket(api);
    expect(
      (await api<BasketAnswer>(`DELETE /api/baskets/${basketId}/items/${productId}`)).body.items,
    ).toEqual([]);
  });

  it("is refused for more than there are, and for what is not a quantity", async () => {
    const { basketId, productId } = await fillBasket(api);
    const line = `DELETE /api/baskets/${basketId}/items/${productId}` as const;
    for (const quantity of [3, 1000]) {
      expect(problemOf(await api(`${line}?quantity=${quantity}`))).toBe("409 quantity-too-large");
    }
    for (const quantity of ["0", "-1", "1.5", "all", ""]) {
      expect(problemOf(await api(`${line}?quantity=${quantity}`))).toBe("422 validation-failed");
    }
    expect((await readBasket(basketId)).items[0]?.quantity).toBe(2);
  });

  it("works for a product that is not sold any more", async () => {
    const { basketId, productId } = await fillBasket(api);
    await api(`DELETE /api/products/${productId}`);
    expect(
      (await api<BasketAnswer>(`DELETE /api/baskets/${basketId}/items/${productId}`)).body.items,
    ).toEqual([]);
  });
});

describe("a basket", () => {
  it("can be cancelled once, and then nothing can be done with it", async () => {
    const { basketId, productId } = await fillBasket(api);
    const cancelled = await api<BasketAnswer>(`DELETE /api/baskets/${basketId}`);
    expect([cancelled.status, cancelled.body.status]).toEqual([200, "cancelled"]);
    expect(await readBasket(basketId)).toEqual(cancelled.body);
    const attempts = [
      api(`DELETE /api/baskets/${basketId}`),
      addItem(api, basketId, productId),
      api(`DELETE /api/baskets/${basketId}/items/${productId}`),
      api(`POST /api/baskets/${basketId}/checkout`, { paymentId: unknownId }),
    ];
    for (const answer of await Promise.all(attempts))
      expect(problemOf(answer)).toBe("409 basket-is-not-open");
  });

  it("is not found under an unknown or malformed id", async () => {
    const productId = unknownId;
    for (const id of [unknownId, "42", "%00"]) {
      const answers = [
        await api(`GET /api/baskets/${id}`),
        await api(`DELETE /api/baskets/${id}`),
        await api(`DELETE /api/baskets/${id}/items/${productId}`),
        await api(`POST /api/baskets/${id}/checkout`, { paymentId: unknownId }),
      ];
      for (const answer of answers) expect(problemOf(answer)).toBe("404 not-found");
    }
    const { basketId } = await fillBasket(api);
    expect(problemOf(await api(`DELETE /api/baskets/${basketId}/items/ink`))).toBe("404 not-found");
  });

  it("is not changed by whoever has seen an older version", async () => {
    const { basketId, productId } = await fillBasket(api);
    const old = { "if-match": '"1"' };
    const body = { productId, quantity: 1 };
    const answers = [
      await api(`POST /api/baskets/${basketId}/items`, body, old),
      await api(`DELETE /api/baskets/${basketId}/items/${productId}`, undefined, old),
      await api(`DELETE /api/baskets/${basketId}`, undefined, old),
      await api(`POST /api/baskets/${basketId}/checkout`, { paymentId: unknownId }, old),
    ];
    for (const answer of answers) expect(problemOf(answer)).toBe("412 stale-version");
    const current = await api(`POST /api/baskets/${basketId}/items`, body, { "if-match": '"2"' });
    expect([current.status, current.headers.get("etag")]).toEqual([200, '"3"']);
  });

  it("takes items that are added at the same time one after the other", async () => {
    const { basketId, productId } = await fillBasket(api);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => addItem(mall.visitor(), basketId, productId, 1)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await readBasket(basketId)).items[0]?.quantity).toBe(6);
  });
});
