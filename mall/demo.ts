import { type Api, httpClient } from "@mall/common/http-client";
import { type Application, uuidv7 } from "tidings";
import { type Seeded, seed } from "./seed.ts";

/** What a newcomer can try at once. */
export interface Demo {
  /** A shell line that checks a filled basket out. */
  readonly checkout: string;
}

/** Seeds the mall the first time, and fills a basket for the seeded customer each time. */
export async function prepareDemo(mall: Application): Promise<Demo> {
  const api = remembering(httpClient(mall.url));
  const { customerId, stores } = await seedOnce(mall, api);
  const products = await api<{ items: { id: string }[] }>(
    `GET /api/stores/${stores[0]?.id}/products?limit=1`,
  );
  const basket = await api<{ id: string }>("POST /api/baskets", { customerId });
  await api(`POST /api/baskets/${basket.body.id}/items`, {
    productId: products.body.items[0]?.id,
    quantity: 1,
  });
  const url = `${mall.url}/api/baskets/${basket.body.id}/checkout`;
  return { checkout: `curl -s ${url} -H 'content-type: application/json' -d '{"paymentId":"${uuidv7()}"}'` };
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
