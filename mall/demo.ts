import { setTimeout as pause } from "node:timers/promises";
import { type Api, type ApiAnswer, httpClient } from "@mall/common/http-client";
import type { Money } from "@mall/common/money";
import { type Seeded, seed } from "./seed.ts";
import type { Kept } from "./seeded.ts";

/** What a newcomer can try at once. */
export interface Demo {
  /** A shell line that checks a filled basket out. */
  readonly checkout: string;
  /** The customer who does. */
  readonly customerId: string | undefined;
}

/**
 * Seeds the mall the first time; each time fills a basket for the seeded customer and holds its total on a card.
 * Services that have only just started are given half a minute to hear of each other.
 *
 * @throws Error that says what the mall answered instead
 */
export async function prepareDemo(url: string, kept: Kept): Promise<Demo> {
  const deadline = performance.now() + patienceMs;
  const api = remembering(patient(httpClient(url), deadline, (status) => status === 503));
  const { customerId, stores } = await seedOnce(api, kept);
  const eager = patient(api, deadline, (status) => status >= 400);
  const products = await answered<{ items: { id: string }[] }>(
    eager(`GET /api/stores/${stores[0]?.id}/products?limit=1`),
  );
  const basket = await answered<{ id: string }>(eager("POST /api/baskets", { customerId }));
  const filled = await answered<{ total: Money }>(
    eager(`POST /api/baskets/${basket.id}/items`, { productId: products.items[0]?.id, quantity: 1 }),
  );
  const card = { customerId, amount: filled.total, cardToken: "tok_ok" };
  const payment = await answered<{ id: string }>(eager("POST /api/payments", card));
  const place = `${url}/api/baskets/${basket.id}/checkout`;
  return {
    checkout: `curl -s ${place} -H 'content-type: application/json' -d '{"paymentId":"${payment.id}"}'`,
    customerId,
  };
}

const patienceMs = 30_000;
const pauseMs = 250;

/** Asks again while the answer is one of those to wait for, until the deadline. */
function patient(api: Api, deadline: number, isEarly: (status: number) => boolean): Api {
  return async (route, body, headers) => {
    for (;;) {
      const answer = await api<never>(route, body, headers);
      if (!isEarly(answer.status) || performance.now() > deadline) return answer;
      await pause(pauseMs);
    }
  };
}

/** The body of an answer that is no refusal. */
async function answered<Body>(asked: Promise<ApiAnswer<unknown>>): Promise<Body> {
  const { status, body } = await asked;
  if (status >= 400) throw new Error(`The mall answered ${status} ${JSON.stringify(body)}`);
  return body as Body;
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

/** What the operator has changed since the first time stays changed. */
async function seedOnce(api: Api, kept: Kept): Promise<Seeded> {
  const known = await kept.read();
  if (known) return known;
  const result = await seed(api);
  await kept.write(result);
  return result;
}

/** What a newcomer is told. The hold on the card lasts half an hour, unless `MALL_HOLD_EXPIRES` says otherwise. */
export function placeAnOrder(url: string, { checkout, customerId }: Demo): string {
  return `Place an order (the operation that it answers says how far it is):

  ${checkout}

What the shopper is told:  curl -s ${url}/api/customers/${customerId}/notifications
Many shoppers at once:     npm run busy -- --shoppers 20`;
}

/** `fetch failed` says nothing; what is behind it does. */
export function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
