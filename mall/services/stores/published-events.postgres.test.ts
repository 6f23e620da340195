import { httpClient } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { startTestHost, until } from "@tidings/testing";
import { defineService, type EventContract, type Message, on } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as contracts from "./contract.ts";
import { stores } from "./service.ts";

const heard = new Map<string, { type: string; data: unknown }>();
const hear = ({ id, type, data }: Message) => void heard.set(id, { type: type.replace("stores.", ""), data });
const listener = defineService("listener", {
  reacts: Object.values<EventContract>(contracts).map((contract) => on(contract, hear)),
});
let host: Awaited<ReturnType<typeof startTestHost>>;

beforeAll(async () => {
  host = await startTestHost([stores, listener]);
});
afterAll(() => host?.close());

it("Each change of a store and its products is told once, with exactly its fields, and nothing else is.", async () => {
  const api = httpClient(host.url);
  const { id: storeId } = (await api<{ id: string }>("POST /api/stores", { name: "S", location: "L" })).body;
  const ink = { name: "Ink", description: "", sku: "I", price: money(10) };
  const { id: productId } = (await api<{ id: string }>(`POST /api/stores/${storeId}/products`, ink)).body;
  expect((await api(`POST /api/stores/${storeId}/products`, ink)).status).toBe(409);
  for (const participating of [true, true])
    await api(`PUT /api/stores/${storeId}/participation`, { participating });
  for (const name of ["T", "T", "U"]) await api(`PUT /api/stores/${storeId}/name`, { name });
  for (const name of ["Dye", "Dye"]) await api(`PATCH /api/products/${productId}`, { name });
  for (const amount of [20, 20, 5])
    await api(`PUT /api/products/${productId}/price`, { price: money(amount) });
  await api(`DELETE /api/products/${productId}`);

  await until("the removal is heard", () =>
    [...heard.values()].some(({ type }) => type === "ProductRemoved"),
  );
  const names = () => [...heard.values()].filter(({ type }) => type === "StoreRebranded");
  await until("the last name is heard", () => names().length === 2);
  const of = (topic: string) => [...heard.values()].filter(({ type }) => type.startsWith(topic));
  expect(of("Store")).toEqual([
    { type: "StoreOpened", data: { storeId, name: "S", location: "L" } },
    { type: "StoreParticipationChanged", data: { storeId, participating: true } },
    { type: "StoreRebranded", data: { storeId, name: "T" } },
    { type: "StoreRebranded", data: { storeId, name: "U" } },
  ]);
  expect(of("Product")).toEqual([
    { type: "ProductAdded", data: { productId, storeId, ...ink } },
    { type: "ProductRebranded", data: { productId, name: "Dye", description: "" } },
    { type: "ProductPriceIncreased", data: { productId, from: money(10), to: money(20) } },
    { type: "ProductPriceDecreased", data: { productId, from: money(20), to: money(5) } },
    { type: "ProductRemoved", data: { productId, storeId } },
  ]);
});
