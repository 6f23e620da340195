import { createMall } from "@mall/app/mall";
import { type Api, httpClient } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import { pino } from "pino";
import { type ApplicationOptions, startApplication } from "tidings";
import { withClient, withDatabase } from "./database.ts";
import { percentile, produce } from "./measure.ts";

export interface CheckoutRates {
  /** Orders taken from the checkout to `approved` in a second, by shoppers who check out one basket after the other. */
  readonly perSecond: number;
  /** Milliseconds from the request to the answer that the order is approved, one checkout at a time. */
  readonly p50: number;
  readonly p99: number;
}

interface Prepared {
  readonly basketId: string;
  readonly paymentId: string;
}

const price = 1299;
const log = pino({ level: "warn" }) as NonNullable<ApplicationOptions["log"]>;

/**
 * Takes orders through the whole Mall, over HTTP, in one process with its shoppers: checkout → order → saga of five
 * steps over four services → approved. Baskets are filled and payments authorised before the clock runs; a shopper
 * waits with `Prefer: wait`.
 */
export async function measureCheckout(
  serverUrl: string,
  load: { readonly orders: number; readonly shoppers: number; readonly alone: number },
): Promise<CheckoutRates> {
  return withDatabase(serverUrl, async (databaseUrl) => {
    const { services, application } = createMall({ access: { demo: true } });
    const mall = await startApplication(services, { databaseUrl, port: 0, log, ...application });
    try {
      const api = httpClient(mall.url);
      const buy = await openShop(api, load.shoppers);
      const warmUp = await prepare(buy, load.alone, load.shoppers);
      await produce(warmUp.length, load.shoppers, (number) => checkOut(api, warmUp[number] as Prepared));
      const alone = await prepare(buy, load.alone, load.shoppers);
      const delays: number[] = [];
      for (const one of alone) delays.push(await checkOut(api, one));
      const many = await prepare(buy, load.orders, load.shoppers);
      const seconds = await produce(many.length, load.shoppers, (number) =>
        checkOut(api, many[number] as Prepared),
      );
      await verify(databaseUrl, 2 * load.alone + load.orders);
      return {
        perSecond: load.orders / seconds,
        p50: percentile(delays, 0.5),
        p99: percentile(delays, 0.99),
      };
    } finally {
      await mall.close();
    }
  });
}

/** @returns what fills a basket and authorises a payment for it, as one of the shoppers */
async function openShop(api: Api, shoppers: number): Promise<(number: number) => Promise<Prepared>> {
  const token: { current: string } = { current: "" };
  const create = async (route: `${"POST" | "PUT"} /${string}`, body: object) => {
    const headers = token.current ? { "consistency-token": token.current } : {};
    const answer = await api<{ id: string }>(route, body, headers);
    if (answer.status >= 300)
      throw new Error(`${route} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    token.current = answer.headers.get("consistency-token") ?? token.current;
    return answer.body.id;
  };
  const storeId = await create("POST /api/stores", { name: "Bench", location: "Here" });
  await create(`PUT /api/stores/${storeId}/participation`, { participating: true });
  const product = { name: "Ink", description: "", sku: "INK", price: money(price) };
  const productId = await create(`POST /api/stores/${storeId}/products`, product);
  const customers: string[] = [];
  for (let number = 0; number < shoppers; number++) {
    const details = {
      name: `Shopper ${number}`,
      email: `shopper-${number}@example.com`,
      smsNumber: "+15550100",
    };
    customers.push(await create("POST /api/customers", details));
  }
  const known = token.current;
  return async (number) => {
    token.current = known;
    const customerId = customers[number % shoppers] as string;
    const basketId = await create("POST /api/baskets", { customerId });
    await create(`POST /api/baskets/${basketId}/items`, { productId, quantity: 1 });
    const card = { customerId, amount: money(price), cardToken: "tok_ok" };
    return { basketId, paymentId: await create("POST /api/payments", card) };
  };
}

async function prepare(
  buy: (number: number) => Promise<Prepared>,
  count: number,
  shoppers: number,
): Promise<Prepared[]> {
  const prepared: Prepared[] = [];
  await produce(count, shoppers, async (number) => {
    prepared[number] = await buy(number);
  });
  return prepared;
}

/** @returns milliseconds until the answer. @throws Error when the order is not approved then */
async function checkOut(api: Api, { basketId, paymentId }: Prepared): Promise<number> {
  const started = performance.now();
  const answer = await api<{ response?: { status: string } }>(
    `POST /api/baskets/${basketId}/checkout`,
    { paymentId },
    { prefer: "wait=20" },
  );
  if (answer.body.response?.status !== "approved")
    throw new Error(`A checkout was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return performance.now() - started;
}

/** @throws Error unless every service agrees on as many orders as were placed */
async function verify(databaseUrl: string, orders: number): Promise<void> {
  const counts = {
    "approved orders": "select count(*) from ordering.orders where status = 'approved'",
    "completed sagas": "select count(*) from checkout.tidings_sagas where status = 'completed'",
    "available lists": "select count(*) from depot.shopping_lists where status = 'available'",
    "confirmed payments": "select count(distinct order_id) from payments.payments where status = 'confirmed'",
  };
  await withClient(databaseUrl, async (client) => {
    for (const [what, text] of Object.entries(counts)) {
      const { rows } = await client.query<{ count: string }>(text);
      if (Number(rows[0]?.count) !== orders)
        throw new Error(`There are ${rows[0]?.count} ${what}, not ${orders}.`);
    }
  });
}
