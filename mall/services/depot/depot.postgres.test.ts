import type { ApiAnswer } from "@mall/common/http-client";
import { uuidv7 } from "tidings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  addBot,
  availableList,
  type BotAnswer,
  createList,
  type Depot,
  knownProduct,
  type ListAnswer,
  startDepot,
} from "./depot.fixture.ts";

interface Problem {
  readonly rule?: string;
  readonly type?: string;
  readonly errors?: readonly { readonly pointer: string }[];
}

let depot: Depot;
let ink: Awaited<ReturnType<typeof knownProduct>>;
let cup: typeof ink;
beforeAll(async () => {
  depot = await startDepot();
  [ink, cup] = [await knownProduct(depot), await knownProduct(depot)];
});
afterAll(() => depot?.close());

const makeAvailable = () => availableList(depot, ink.productId, cup.productId);
const list = (id: string) => depot.api<ListAnswer>(`GET /api/shopping-lists/${id}`);
const bot = (id: string) => depot.api<BotAnswer>(`GET /api/bots/${id}`);
type Headers = Readonly<Record<string, string>>;
const post = (path: string, body?: object, headers?: Headers) =>
  depot.api<ListAnswer & Problem>(`POST /api/shopping-lists/${path}`, body, headers);
const assign = (id: string, botId: string, headers?: Headers) => post(`${id}/assign`, { botId }, headers);
const collect = (id: string, storeId: string, headers?: Headers) =>
  post(`${id}/stops/${storeId}/collect`, undefined, headers);
const complete = (id: string, headers?: Headers) => post(`${id}/complete`, undefined, headers);
const outcomeOf = ({ status, body }: ApiAnswer<Problem>) => `${status} ${body.rule ?? ""}`.trim();
const etagOf = ({ headers }: ApiAnswer<unknown>) => headers.get("etag");

async function assignedList() {
  const { orderId, listId } = await makeAvailable();
  const botId = await addBot(depot);
  expect((await assign(listId, botId)).status).toBe(200);
  return { orderId, listId, botId };
}

describe("a bot", () => {
  it("is added idle, and found at its address", async () => {
    const { status, headers, body } = await depot.api<BotAnswer>("POST /api/bots", { name: " Trundle " });
    expect([status, headers.get("location"), headers.get("etag")]).toEqual([
      201,
      `/api/bots/${body.id}`,
      '"1"',
    ]);
    expect(body).toEqual({ id: body.id, name: "Trundle", status: "idle" });
    const read = await bot(body.id);
    expect([read.status, etagOf(read), read.body]).toEqual([200, '"1"', body]);
  });

  it.each([" ", undefined, "x".repeat(201), "a\u0000b"])("is not called %j", async (name) => {
    const { status, body } = await depot.api<Problem>("POST /api/bots", { name });
    expect([status, new Set(body.errors?.map(({ pointer }) => pointer))]).toEqual([422, new Set(["/name"])]);
  });

  it.each([uuidv7(), "42"])("is not found under the id %j", async (id) => {
    expect((await bot(id)).status).toBe(404);
  });

  it("is listed once over all pages, oldest first", async () => {
    const added = [await addBot(depot), await addBot(depot), await addBot(depot)];
    const listed: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: ApiAnswer<{ items: BotAnswer[]; next: string | null }> = await depot.api(
        `GET /api/bots?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      listed.push(...page.body.items.map(({ id }) => id));
      cursor = page.body.next;
    }
    expect(listed.slice(-3)).toEqual(added);
    expect(new Set(listed).size).toBe(listed.length);
    expect((await depot.api("GET /api/bots?limit=0")).status).toBe(422);
  });
});

describe("the shopping lists", () => {
  it("are listed by status, oldest first, page by page", async () => {
    const [first, second, third] = [
      await createList(depot, ink.productId),
      await makeAvailable(),
      await makeAvailable(),
    ];
    const idsOf = async (query: string) => {
      const { body } = await depot.api<{ items: ListAnswer[]; next: string | null }>(
        `GET /api/shopping-lists?${query}`,
      );
      return { ids: body.items.map(({ id }) => id), next: body.next };
    };
    const available = (await idsOf("status=available&limit=200")).ids;
    expect(available.slice(-2)).toEqual([second.listId, third.listId]);
    expect(available).not.toContain(first.listId);
    expect((await idsOf("status=pending")).ids).toContain(first.listId);
    expect((await idsOf("limit=200")).ids.slice(-3)).toEqual([first.listId, second.listId, third.listId]);
    const page = await idsOf("status=available&limit=1");
    const next = await idsOf(`status=available&limit=1&cursor=${page.next}`);
    expect([page.ids, next.ids]).toEqual([available.slice(0, 1), available.slice(1, 2)]);
  });

  it.each(["status=lost", "status=", "limit=201", "cursor=x"])("are not listed by %s", async (query) => {
    const { status, body } = await depot.api<Problem>(`GET /api/shopping-lists?${query}`);
    expect([status, body.errors?.[0]?.pointer]).toEqual([422, `/${query.split("=")[0]}`]);
  });

  it.each([uuidv7(), "42"])("do not contain one with the id %j", async (id) => {
    const botId = await addBot(depot);
    for (const answer of [await list(id), await assign(id, botId), await collect(id, ink.storeId)])
      expect(answer.status).toBe(404);
    expect((await complete(id, { "if-match": '"1"' })).status).toBe(404);
  });
});

describe("collecting a list", () => {
  it("goes from the assignment over its stops to the completion, and the bot is idle again", async () => {
    const { listId } = await makeAvailable();
    const before = await list(listId);
    expect([before.status, etagOf(before), before.body.status]).toEqual([200, '"2"', "available"]);
    expect(before.body).not.toHaveProperty("botId");
    const botId = await addBot(depot);

    const assigned = await assign(listId, botId);
    expect([assigned.status, etagOf(assigned)]).toEqual([200, '"3"']);
    expect(assigned.body).toEqual({ ...before.body, status: "assigned", botId });
    expect([etagOf(await bot(botId)), (await bot(botId)).body.status]).toEqual(['"2"', "active"]);

    expect(outcomeOf(await complete(listId))).toBe("409 stops-not-collected");
    const half = await collect(listId, cup.storeId);
    expect([half.status, etagOf(half)]).toEqual([200, '"4"']);
    expect(half.body.stops.map(({ collected }) => collected)).toEqual([false, true]);
    expect(outcomeOf(await complete(listId))).toBe("409 stops-not-collected");
    expect((await collect(listId, ink.storeId)).body.stops.every(({ collected }) => collected)).toBe(true);

    const completed = await complete(listId);
    expect([completed.status, etagOf(completed), completed.body.status]).toEqual([200, '"6"', "completed"]);
    expect((await list(listId)).body).toEqual(completed.body);
    expect([etagOf(await bot(botId)), (await bot(botId)).body.status]).toEqual(['"3"', "idle"]);
    expect((await assign((await makeAvailable()).listId, botId)).status).toBe(200);
  });

  it("notes a stop once, however often it is asked", async () => {
    const { orderId, listId } = await assignedList();
    const first = await collect(listId, ink.storeId);
    const again = await collect(listId, ink.storeId);
    expect([again.status, etagOf(again), again.body]).toEqual([200, etagOf(first), first.body]);
    await collect(listId, cup.storeId);
    await complete(listId);
    const types = await depot.toldUntil(orderId, "ShoppingListCompleted");
    expect(types.filter((type) => type === "ShoppingListStopCollected").length).toBe(2);
  });

  it("is refused while no bot has the list", async () => {
    const { listId, orderId } = await makeAvailable();
    for (const answer of [await collect(listId, ink.storeId), await complete(listId)])
      expect(outcomeOf(answer)).toBe("409 list-is-not-assigned");
    await depot.ask("CancelShoppingList", { orderId });
    expect(outcomeOf(await collect(listId, ink.storeId))).toBe("409 list-is-not-assigned");
  });

  it("knows no stop at another store", async () => {
    const { listId } = await assignedList();
    for (const storeId of [uuidv7(), "42"]) expect((await collect(listId, storeId)).status).toBe(404);
  });

  it("changes nothing when the request names an old version", async () => {
    const { listId, botId } = await assignedList();
    const stale = { "if-match": '"2"' };
    const other = await addBot(depot);
    for (const answer of [
      await assign(listId, other, stale),
      await collect(listId, ink.storeId, stale),
      await complete(listId, stale),
    ])
      expect(answer.status).toBe(412);
    expect((await list(listId)).body).toMatchObject({ status: "assigned", botId });
    expect((await collect(listId, ink.storeId, { "if-match": '"3"' })).status).toBe(200);
  });
});

describe("assigning a list", () => {
  it("is refused unless the list is available", async () => {
    const pending = await createList(depot, ink.productId);
    const assigned = await assignedList();
    const cancelled = await makeAvailable();
    await depot.ask("CancelShoppingList", { orderId: cancelled.orderId });
    const botId = await addBot(depot);
    for (const { listId } of [pending, assigned, cancelled])
      expect(outcomeOf(await assign(listId, botId))).toBe("409 list-is-not-available");
    expect((await bot(botId)).body.status).toBe("idle");
  });

  it("is refused when the bot has another list", async () => {
    const { botId } = await assignedList();
    const { listId } = await makeAvailable();
    expect(outcomeOf(await assign(listId, botId))).toBe("409 bot-is-busy");
    expect((await list(listId)).body.status).toBe("available");
  });

  it("finds no unknown bot and understands no malformed one", async () => {
    const { listId } = await makeAvailable();
    expect((await assign(listId, uuidv7())).status).toBe(404);
    const { status, body } = await assign(listId, "42");
    expect([status, body.errors?.[0]?.pointer]).toEqual([422, "/botId"]);
  });

  it("succeeds for exactly one of many bots that want one list at once", async () => {
    const { listId } = await makeAvailable();
    const bots = await Promise.all(Array.from({ length: 8 }, () => addBot(depot)));
    const answers = await Promise.all(bots.map((botId) => assign(listId, botId)));
    expect(answers.map(outcomeOf).sort()).toEqual(["200", ...Array(7).fill("409 list-is-not-available")]);
    const statuses = await Promise.all(bots.map(async (id) => (await bot(id)).body.status));
    const winner = bots[answers.findIndex(({ status }) => status === 200)];
    expect(bots.filter((_, n) => statuses[n] === "active")).toEqual([winner]);
    expect((await list(listId)).body.botId).toBe(winner);
  });

  it("succeeds for exactly one of many lists that one bot wants at once", async () => {
    const lists = await Promise.all(Array.from({ length: 8 }, makeAvailable));
    const botId = await addBot(depot);
    const answers = await Promise.all(lists.map(({ listId }) => assign(listId, botId)));
    expect(answers.map(outcomeOf).sort()).toEqual(["200", ...Array(7).fill("409 bot-is-busy")]);
    const read = await Promise.all(lists.map(({ listId }) => list(listId)));
    expect(read.filter(({ body }) => body.status === "assigned").length).toBe(1);
  });

  it("and cancelling at once end with one of them refused", async () => {
    const lists = await Promise.all(Array.from({ length: 8 }, makeAvailable));
    const bots = await Promise.all(lists.map(() => addBot(depot)));
    const outcomes = await Promise.all(
      lists.map(async ({ orderId, listId }, n) => {
        const [cancelled, assigned] = await Promise.all([
          depot.ask("CancelShoppingList", { orderId }),
          assign(listId, bots[n] ?? ""),
        ]);
        return [cancelled.outcome, assigned.status, (await list(listId)).body.status].join(" ");
      }),
    );
    for (const outcome of outcomes) expect(["done 409 cancelled", "refused 200 assigned"]).toContain(outcome);
  });
});

it("Every route is for the depot, and says in one line what it does.", () => {
  expect(depot.routes.length).toBe(8);
  for (const { url, access, summary } of depot.routes)
    expect([url, access, summary]).toEqual([url, ["depot"], expect.stringMatching(/^[A-Z].*\.$/)]);
});
