import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Outside, openMall } from "./conformance.fixture.ts";
import { listsOf, withQuery } from "./conformance-routes.fixture.ts";
import { addItem, checkOut, create, fillBasket, problemOf, whenDone } from "./mall.fixture.ts";

let mall: Outside;
beforeAll(async () => {
  mall = await openMall();
});
afterAll(() => mall?.close());

interface List {
  readonly items: readonly {
    readonly id?: string;
    readonly orderId?: string;
    readonly kind?: string;
    readonly version?: number;
    readonly name?: string;
  }[];
  readonly next: string | null;
}

async function ordersTold(customerId: string): Promise<unknown[]> {
  const answer = await mall.visitor<List>(`GET /api/customers/${customerId}/notifications?limit=200`);
  return answer.body.items.filter(({ kind }) => kind === "placed").map(({ orderId }) => orderId);
}

const times = <Result>(count: number, work: (n: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));

describe("one basket that is checked out twenty times at once", () => {
  it("becomes one order", async () => {
    const { basketId, customerId } = await fillBasket(mall.visitor);
    const answers = await times(20, () => checkOut(mall.api, basketId));
    const accepted = answers.filter(({ status }) => status === 202);
    expect(accepted).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 202)) {
      expect(problemOf(answer)).toBe("409 basket-is-not-open");
    }
    const [first] = accepted;
    if (first) await whenDone(mall.api, first.body);
    expect(await ordersTold(customerId)).toEqual([first?.body.metadata.orderId]);
  });

  it("under one key becomes one order, which every answer names", async () => {
    const { basketId, customerId } = await fillBasket(mall.visitor);
    const key = { "idempotency-key": basketId };
    const answers = await times(20, () => checkOut(mall.api, basketId, {}, key));
    const last = await checkOut(mall.api, basketId, {}, key);
    expect(last.status).toBe(202);
    for (const answer of answers) {
      if (answer.status === 202) expect(answer.body).toEqual(last.body);
      else expect(problemOf(answer)).toBe("409 request-in-progress");
    }
    await whenDone(mall.api, last.body);
    expect(await ordersTold(customerId)).toEqual([last.body.metadata.orderId]);
  });

  it("under twenty keys becomes one order, and every key keeps its answer", async () => {
    const { basketId, customerId } = await fillBasket(mall.visitor);
    const attempt = (n: number) =>
      checkOut(mall.api, basketId, {}, { "idempotency-key": `${basketId} ${n}` });
    const answers = await times(20, attempt);
    expect(answers.map(problemOf).sort()).toEqual(["202", ...Array(19).fill("409 basket-is-not-open")]);
    const again = await times(20, attempt);
    expect(again.map(({ body }) => body)).toEqual(answers.map(({ body }) => body));
    const accepted = answers.find(({ status }) => status === 202);
    if (accepted) await whenDone(mall.api, accepted.body);
    expect(await ordersTold(customerId)).toHaveLength(1);
  });
});

it("Fifty baskets that are checked out at once become fifty orders, each with its own operation.", async () => {
  const { customerId, productId } = await fillBasket(mall.visitor);
  const baskets = await times(50, async () => {
    const basketId = await create(mall.visitor, "POST /api/baskets", { customerId });
    await addItem(mall.visitor, basketId, productId);
    return basketId;
  });
  const answers = await Promise.all(baskets.map((basketId) => checkOut(mall.api, basketId)));
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(202));
  expect(new Set(answers.map(({ body }) => body.name)).size).toBe(50);
  for (const { body } of answers) {
    const { orderId } = body.metadata;
    expect(await whenDone(mall.api, body)).toMatchObject({ done: true, metadata: { orderId } });
  }
  const orderIds = answers.map(({ body }) => body.metadata.orderId);
  for (const id of orderIds) expect((await mall.api(`GET /api/orders/${id}`)).status).toBe(200);
  const tokens = answers.map(({ headers }) => headers.get("consistency-token") ?? "");
  for (const token of tokens) {
    const headers = { "consistency-token": token };
    await mall.api(`GET /api/customers/${customerId}/notifications`, undefined, headers);
  }
  expect((await ordersTold(customerId)).sort()).toEqual(orderIds.sort());
});

describe("changes at the same time", () => {
  it("that add to one basket all count", async () => {
    const { basketId, productId } = await fillBasket(mall.visitor);
    const answers = await times(20, () => addItem(mall.api, basketId, productId, 3));
    expect(answers.map(problemOf)).toEqual(Array(20).fill("200"));
    const { body, headers } = await mall.api<{ items: object[] }>(`GET /api/baskets/${basketId}`);
    expect([body.items, headers.get("etag")]).toMatchObject([[{ quantity: 62 }], '"22"']);
  });

  it("that take from one basket never take more than there is", async () => {
    const { basketId, productId } = await fillBasket(mall.visitor);
    await addItem(mall.visitor, basketId, productId, 5);
    const route = `DELETE /api/baskets/${basketId}/items/${productId}?quantity=2` as const;
    const answers = (await times(8, () => mall.api(route))).map(problemOf).sort();
    expect(answers).toEqual([...Array(3).fill("200"), ...Array(5).fill("409 quantity-too-large")]);
  });

  it("that together add too much are refused one after the other", async () => {
    const { basketId, productId } = await fillBasket(mall.visitor);
    const answers = (await times(6, () => addItem(mall.api, basketId, productId, 400))).map(problemOf).sort();
    expect(answers).toEqual([...Array(2).fill("200"), ...Array(4).fill("422 validation-failed")]);
  });

  it("that register one email address are one customer", async () => {
    const customer = { name: "Twin", email: "twin@example.com", smsNumber: "1" };
    const answers = await times(6, (n) => {
      const email = n % 2 ? customer.email : customer.email.toUpperCase();
      return mall.api("POST /api/customers", { ...customer, email });
    });
    expect(answers.map(problemOf).sort()).toEqual(["201", ...Array(5).fill("409 email-already-used")]);
  });

  it("that name one version are carried out once", async () => {
    const { storeId } = await fillBasket(mall.visitor);
    const answers = await times(8, (n) =>
      mall.api(`PUT /api/stores/${storeId}/name`, { name: `Name ${n}` }, { "if-match": '"2"' }),
    );
    expect(answers.map(problemOf).sort()).toEqual(["200", ...Array(7).fill("412 stale-version")]);
  });

  it("to a basket and its checkout leave an order that holds what the basket held", async () => {
    const { basketId, productId } = await fillBasket(mall.visitor);
    const [checkedOut, ...added] = await Promise.all([
      checkOut(mall.api, basketId),
      ...Array.from({ length: 10 }, () => addItem(mall.api, basketId, productId, 1)),
    ]);
    for (const answer of added) expect(["200", "409 basket-is-not-open"]).toContain(problemOf(answer));
    const quantity = 2 + added.filter(({ status }) => status === 200).length;
    await whenDone(mall.api, checkedOut.body);
    const order = await mall.api(`GET /api/orders/${checkedOut.body.metadata.orderId}`);
    expect(order.body).toMatchObject({ items: [{ quantity }] });
  });
});

it("A list that grows while it is read shows all that was there at first, and nothing twice.", async () => {
  for (const { path, add } of await listsOf(mall.newVisitor)) {
    const idOf = ({ id, version, name }: List["items"][number]) => id ?? String(version ?? name);
    const before = (await readAll(path, 200)).map(idOf);
    for (let n = 0; n < 4; n++) await add();
    const there = (await readAll(path, 200)).map(idOf);
    expect(there.length).toBeGreaterThanOrEqual(before.length);
    for (const limit of [1, 2, 3]) {
      const [seen] = await Promise.all([readAll(path, limit), times(5, add)]);
      const ids = seen.map(idOf);
      expect(new Set(ids).size, path).toBe(ids.length);
      expect(ids).toEqual(expect.arrayContaining(there));
    }
  }
});

async function readAll(path: string, limit: number): Promise<List["items"]> {
  const items: List["items"][number][] = [];
  for (let cursor = ""; ; ) {
    const { body } = await mall.visitor<List>(`GET ${withQuery(path, `limit=${limit}`) as "/"}${cursor}`);
    expect(body.items.length).toBeLessThanOrEqual(limit);
    items.push(...body.items);
    if (body.next === null) return items;
    expect(body.items).toHaveLength(limit);
    cursor = `&cursor=${body.next}`;
  }
}
