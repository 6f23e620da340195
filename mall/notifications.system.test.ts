import type { Api } from "@mall/common/http-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  addItem,
  addProduct,
  checkOut,
  create,
  openStore,
  problemOf,
  register,
  startMall,
  unknownId,
} from "./mall.fixture.ts";

interface Inbox {
  readonly items: readonly { readonly id: string; readonly orderId: string; readonly at: string }[];
  readonly next: string | null;
}

let mall: Awaited<ReturnType<typeof startMall>>;
let api: Api;

beforeAll(async () => {
  mall = await startMall({ without: ["checkout"] });
  api = mall.api;
});
afterAll(() => mall?.close());

function readInbox(customerId: string, query = "") {
  return api<Inbox>(`GET /api/customers/${customerId}/notifications${query}`);
}

/** Orders of one customer, one after the other. */
async function placeOrders(customerId: string, count: number): Promise<string[]> {
  const productId = await addProduct(api, await openStore(api));
  const orderIds: string[] = [];
  for (let n = 0; n < count; n++) {
    const basketId = await create(api, "POST /api/baskets", { customerId });
    await addItem(api, basketId, productId);
    orderIds.push((await checkOut(api, basketId)).body.metadata.orderId);
    await readInbox(customerId);
  }
  return orderIds;
}

it("A customer's inbox is empty at first, and that of somebody unknown does not exist.", async () => {
  expect(await readInbox(await register(api))).toMatchObject({
    status: 200,
    body: { items: [], next: null },
  });
  expect(problemOf(await readInbox(unknownId))).toBe("404 not-found");
  expect(problemOf(await readInbox("42"))).toBe("404 not-found");
});

it("A notification says to whom it belongs, about which order, what, and when.", async () => {
  const customerId = await register(api);
  const [orderId] = await placeOrders(customerId, 1);
  const { items } = (await readInbox(customerId)).body;
  expect(items).toEqual([
    {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      customerId,
      orderId,
      kind: "placed",
      text: "We have received your order over $12.99.",
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    },
  ]);
});

it("An inbox shows the newest first, page by page, and nobody else's.", async () => {
  const customerId = await register(api);
  await placeOrders(await register(api), 1);
  const orderIds = (await placeOrders(customerId, 3)).reverse();
  const first = (await readInbox(customerId, "?limit=2")).body;
  const second = (await readInbox(customerId, `?limit=2&cursor=${first.next}`)).body;
  expect([...first.items, ...second.items].map(({ orderId }) => orderId)).toEqual(orderIds);
  expect([first.items.length, second.next]).toEqual([2, null]);
  for (const query of ["?limit=0", "?limit=201", "?limit=x", "?cursor=x"]) {
    expect(problemOf(await readInbox(customerId, query))).toBe("422 validation-failed");
  }
});
