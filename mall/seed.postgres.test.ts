import { httpClient } from "@mall/common/http-client";
import { customers } from "@mall/customers/service";
import { stores } from "@mall/stores/service";
import { startTestHost } from "@tidings/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { asOperator } from "./access.fixture.ts";
import { seed } from "./seed.ts";

let host: Awaited<ReturnType<typeof startTestHost>>;
let api: ReturnType<typeof httpClient>;

beforeAll(async () => {
  host = await startTestHost([stores, customers], { http: asOperator });
  api = httpClient(host.url);
});
afterAll(() => host?.close());

type List = { items: { id: string; participating: boolean }[]; next: string | null };

it("A seed that was interrupted is completed when it is repeated, and once complete it changes nothing.", async () => {
  let calls = 0;
  const failing: typeof api = (...call) => {
    if (++calls === 20) throw new Error("The connection is lost.");
    return api(...call);
  };
  await expect(seed(failing)).rejects.toThrow("The connection is lost.");

  const seeded = await seed(api);
  expect(await seed(api)).toEqual(seeded);
  const { items, next } = (await api<List>("GET /api/stores?participating=true")).body;
  expect(items.map(({ id }) => id)).toEqual(seeded.stores.map(({ id }) => id));
  expect([items.length, next]).toEqual([3, null]);
  for (const { id } of items) {
    expect((await api<List>(`GET /api/stores/${id}/products`)).body.items).toHaveLength(12);
  }
  expect((await api(`GET /api/customers/${seeded.customerId}`)).status).toBe(200);
});
