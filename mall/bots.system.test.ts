import { type Api, httpClient } from "@mall/common/http-client";
import { until } from "@tidings/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { testSecret, tokenFor } from "./access.fixture.ts";
import { asBots } from "./bot-token.ts";
import { type Bots, type BotsOptions, startBots } from "./bots.ts";
import { checkOut, readyToBuy, startMall } from "./mall.fixture.ts";

interface List {
  readonly id: string;
  readonly orderId: string;
  readonly status: string;
  readonly botId?: string;
}

let mall: Awaited<ReturnType<typeof startMall>>;
let direct: Api;
let bots: Bots | undefined;
beforeAll(async () => {
  mall = await startMall();
  direct = httpClient(mall.url);
});
afterEach(() => bots?.stop());
afterAll(() => mall?.close());

function send(api: Api, options: Partial<BotsOptions> = {}): Bots {
  bots = startBots(api, { count: 1, walkMs: [0, 0], pollMs: 20, ...options });
  return bots;
}

async function order(): Promise<string> {
  const { basketId, payment } = await readyToBuy(mall.api);
  return (await checkOut(mall.api, basketId, payment)).body.metadata.orderId;
}

async function statusOf(orderId: string): Promise<string> {
  return (await direct<{ status: string }>(`GET /api/orders/${orderId}`)).body.status;
}

const whenReady = (orderId: string) =>
  until("the order is ready", async () => (await statusOf(orderId)) === "ready");

async function listOf(orderId: string): Promise<List | undefined> {
  const { body } = await direct<{ items: List[] }>("GET /api/shopping-lists?limit=200");
  return body.items.find((list) => list.orderId === orderId);
}

async function knownBots() {
  return (await direct<{ items: { id: string; name: string; status: string }[] }>("GET /api/bots")).body
    .items;
}

it("Bots collect the goods of orders, and are idle again.", async () => {
  send(direct, { count: 3 });
  const orders = await Promise.all([order(), order(), order(), order()]);
  for (const orderId of orders) await whenReady(orderId);
  await until("the bots are idle", async () => (await knownBots()).every(({ status }) => status === "idle"));
  expect((await knownBots()).map(({ name }) => name).sort()).toEqual(["Bot 1", "Bot 2", "Bot 3"]);
});

it("A bot that was stopped on its way goes on with its list when it is started again, and registers no second time.", async () => {
  const first = send(direct, { walkMs: [60_000, 60_000] });
  const orderId = await order();
  const { botId } = await until("the list is assigned", async () => {
    const list = await listOf(orderId);
    return list?.status === "assigned" && list;
  });
  await first.stop();
  expect(await listOf(orderId)).toMatchObject({ status: "assigned" });
  const before = await knownBots();
  send(direct);
  await whenReady(orderId);
  expect(await listOf(orderId)).toMatchObject({ status: "completed", botId });
  expect((await knownBots()).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
});

it("A bot whose list somebody else took first takes the next one.", async () => {
  const rival = (await direct<{ id: string }>("POST /api/bots", { name: "Rival" })).body.id;
  const taken: string[] = [];
  const api: Api = async (route, body, headers) => {
    if (route.endsWith("/assign") && taken.length === 0) {
      taken.push(route);
      await direct(route, { botId: rival });
    }
    return direct(route, body, headers);
  };
  const failures: unknown[] = [];
  const lost = await order();
  await until("its list is available", async () => (await listOf(lost))?.status === "available");
  send(api, { onFailure: (error) => failures.push(error) });
  await until("the rival has it", () => taken.length === 1);
  await whenReady(await order());
  expect(await listOf(lost)).toMatchObject({ status: "assigned", botId: rival });
  expect(failures).toEqual([]);
});

it("A bot outlives a mall that cannot be reached or fails, also in the middle of a list.", async () => {
  let trouble: "none" | "unreachable" | "failing" = "unreachable";
  const failures: unknown[] = [];
  const api: Api = async (route, body, headers) => {
    if (trouble === "unreachable") throw new TypeError("fetch failed");
    if (trouble === "failing" && route.includes("/stops/"))
      return { status: 500, headers: new Headers(), body: {} as never };
    return direct(route, body, headers);
  };
  send(api, { onFailure: (error) => failures.push(error) });
  await until("it has tried twice", () => failures.length >= 2);
  trouble = "failing";
  const orderId = await order();
  const seen = failures.length;
  await until("it has failed at a stop, twice", () => failures.length >= seen + 2);
  expect(await listOf(orderId)).toMatchObject({ status: "assigned" });
  trouble = "none";
  await whenReady(orderId);
});

it("Idle bots ask together: never two of them at the same time.", async () => {
  let asking = 0;
  let most = 0;
  let asked = 0;
  const api: Api = async (route, body, headers) => {
    if (!route.includes("status=available")) return direct(route, body, headers);
    most = Math.max(most, ++asking);
    asked++;
    return direct<never>(route, body, headers).finally(() => asking--);
  };
  send(api, { count: 8 });
  await until("they have asked ten times", () => asked >= 10);
  expect(most).toBe(1);
});

it("Outside demo mode bots are let in by a token that they sign themselves, and by nothing else.", async () => {
  const tokens = { secret: testSecret, issuer: "the-mall", audience: "mall-api" };
  const without = ["customers", "baskets", "ordering", "payments", "checkout", "notifications", "search"];
  const processorUrl = "http://127.0.0.1:9";
  const closed = await startMall({ access: { demo: false, tokens }, processorUrl, without });
  const api = httpClient(closed.url);
  try {
    const failures: unknown[] = [];
    const strangers = startBots(api, { count: 1, onFailure: (error) => failures.push(error) });
    await until("a bot without a token is not let in", () => failures.length > 0);
    await strangers.stop();
    expect(String(failures[0])).toContain("401");
    send(asBots(api, tokens), { count: 2 });
    const claims = { roles: ["operator"] as const, sub: "test", iss: "the-mall", aud: "mall-api" };
    const authorization = `Bearer ${await tokenFor(claims)}`;
    await until("the bots are known", async () => {
      const { body } = await api<{ items: object[] }>("GET /api/bots", undefined, { authorization });
      return body.items.length === 2;
    });
  } finally {
    await bots?.stop();
    await closed.close();
  }
});
