import { money } from "@mall/common/money";
import { ProductAdded, StoreOpened, StoreRebranded } from "@mall/stores/contract";
import { createTestDatabase, type TestDatabase, until } from "@tidings/testing";
import { type DataOf, type EventContract, Host, type Transaction, uuidv7 } from "tidings";
import { afterAll, beforeAll, expect, it } from "vitest";
import { search } from "../service.ts";
import { products } from "./products.ts";

const quiet = { info() {}, warn() {}, error() {} };
let database: TestDatabase;
let host: Host;
beforeAll(async () => {
  database = await createTestDatabase();
  host = await Host.start([search], { databaseUrl: database.url, log: quiet });
});
afterAll(async () => {
  await host?.close();
  await database?.drop();
});

async function handle<C extends EventContract>(contract: C, data: DataOf<C>, tx: Transaction): Promise<void> {
  const handler = products.handlers.find((one) => one.contract.type === contract.type);
  await handler?.handle({ data } as never, tx);
}

/** Handles an event in a transaction of its own. */
function alone<C extends EventContract>(contract: C, data: DataOf<C>): Promise<void> {
  return host.transaction("search", (tx) => handle(contract, data, tx));
}

it.each([
  ["its store", false],
  ["the new name of its store", true],
])(
  "A product has its store's name, also when another batch hears of %s at the same time.",
  async (_, isKnown) => {
    const [storeId, productId] = [uuidv7(), uuidv7()];
    const location = "North wing";
    if (isKnown) await alone(StoreOpened, { storeId, name: "Old", location });
    const isOver = { naming: false };
    let naming: Promise<void> = Promise.resolve();
    await host.transaction("search", async (tx) => {
      const product = { productId, storeId, name: "Ink", description: "", sku: "I", price: money(1) };
      await handle(ProductAdded, product, tx);
      naming = isKnown
        ? alone(StoreRebranded, { storeId, name: "New" })
        : alone(StoreOpened, { storeId, name: "New", location });
      void naming.then(() => {
        isOver.naming = true;
      });
      await until("the other batch waits for this one, or does not", async () => {
        const { rows } = await host
          .runtime("search")
          .pool.query("select 1 from pg_locks where not granted and locktype in ('transactionid', 'tuple')");
        return rows.length > 0 || isOver.naming;
      });
    });
    await naming;
    const { rows } = await host.transaction("search", (tx) =>
      tx.query("select store_name from products where id = $1", [productId]),
    );
    expect(rows).toEqual([{ store_name: "New" }]);
  },
);
