import { type Api, httpClient } from "@mall/common/http-client";
import type { Money } from "@mall/common/money";
import type { Application } from "tidings";
import { type Seeded, seed } from "./seed.ts";

/** What a newcomer can try at once. */
export interface Demo {
  /** A shell line that checks a filled basket out. */
  readonly checkout: string;
  /** The customer who does. */
  readonly customerId: string | undefined;
}

/** Seeds the mall the first time; each time fills a basket for the seeded customer and holds its total on a card. */
export async function prepareDemo(mall: Application): Promise<Demo> {
  const api = remembering(httpClient(mall.url));
  const { customerId, stores } = await seedOnce(mall, api);
  const products = await api<{ items: { id: string }[] }>(
    `GET /api/stores/${stores[0]?.id}/products?limit=1`,
  );
  const basket = await api<{ id: string }>("POST /api/baskets", { customerId });
  const filled = await api<{ total: Money }>(`POST /api/baskets/${basket.body.id}/items`, {
    productId: products.body.items[0]?.id,
    quantity: 1,
  });
  const card = { customerId, amount: filled.body.total, cardToken: "tok_ok" };
  const payment = await api<{ id: string }>("POST /api/payments", card);
  const url = `${mall.url}/api/baskets/${basket.body.id}/checkout`;
  return {
    checkout: `curl -s ${url} -H 'content-type: application/json' -d '{"paymentId":"${payment.body.id}"}'`,
    customerId,
  };
}

/** Sends the `Consistency-Token` of each answer with the next request, so that every service has seen what it needs. */
function remembering(api: Api): Api {
  let token: string | null = null;
  return async (route, body, headers = {}) => {
    const answer = await api<never>(route, body, {
      ...headers,
      ...(token && { "consistency-token": token }),
    });
    token = answer.headers.get("consistency-token") ?? token;
    return answer;
  };
}

/** What was seeded is noted beside the services' schemas, so that what the operator has changed since stays changed. */
async function seedOnce(mall: Application, api: Api): Promise<Seeded> {
  const { pool } = mall.host.runtime("stores");
  await pool.query("create schema if not exists mall");
  await pool.query(
    "create table if not exists mall.seeded (id boolean primary key default true, result json not null)",
  );
  const { rows } = await pool.query<{ result: Seeded }>("select result from mall.seeded");
  if (rows[0]) return rows[0].result;
  const result = await seed(api);
  await pool.query("insert into mall.seeded (result) values ($1) on conflict do nothing", [
    JSON.stringify(result),
  ]);
  return result;
}
