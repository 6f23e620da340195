import { type Caller, setCaller } from "@mall/common/access";
import { type Api, httpClient } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import * as ordering from "@mall/ordering/contract";
import * as stores from "@mall/stores/contract";
import { startTestHost, until } from "@tidings/testing";
import { type DataOf, defineService, type EventContract, uuidv7 } from "tidings";
import { search } from "./service.ts";

/** The services whose events the search reads, without anything else. */
const sources = [
  defineService("stores", {
    publishes: [
      stores.StoreOpened,
      stores.StoreParticipationChanged,
      stores.StoreRebranded,
      stores.ProductAdded,
      stores.ProductRebranded,
      stores.ProductPriceIncreased,
      stores.ProductPriceDecreased,
      stores.ProductRemoved,
    ],
  }),
  defineService("ordering", {
    publishes: [
      ordering.OrderPlaced,
      ordering.OrderApproved,
      ordering.OrderRejected,
      ordering.OrderReadied,
      ordering.OrderCancellationRequested,
      ordering.OrderCancellationAbandoned,
      ordering.OrderCancelled,
      ordering.OrderCompleted,
    ],
    http: (app) => {
      app.post("/test/orders", (request) =>
        request.transaction(async (tx) => {
          tx.publish(ordering.OrderPlaced, request.body as Placed);
          return {};
        }),
      );
    },
  }),
];

type Added = DataOf<typeof stores.ProductAdded>;
type Placed = DataOf<typeof ordering.OrderPlaced>;

/** The search at work, with events of others that a test makes up. Every request is that of `world.caller`. */
export async function startSearch() {
  let caller: Caller = { roles: ["operator"] };
  const host = await startTestHost([...sources, search], {
    http: (app) => {
      app.addHook("onRequest", async (request) => {
        request.actor = "tester";
        setCaller(request, caller);
      });
    },
  });
  const api: Api = httpClient(host.url);

  /** Publishes an event, as its owner would. */
  function tell<C extends EventContract>(contract: C, data: DataOf<C>): Promise<string> {
    return host.application.host.transaction(contract.service, async (tx) => tx.publish(contract, data));
  }

  function newOrder(order: Partial<Placed>): Placed {
    return {
      orderId: uuidv7(),
      customerId: uuidv7(),
      paymentId: uuidv7(),
      items: [itemOf(uuidv7(), uuidv7())],
      total: money(500),
      ...order,
    };
  }

  return {
    host,
    api,
    tell,
    /** From now on, requests are this caller's. */
    become: (next: Caller) => {
      caller = next;
    },
    /** Opens a store. @returns its id */
    openStore: async (name: string): Promise<string> => {
      const storeId = uuidv7();
      await tell(stores.StoreOpened, { storeId, name, location: "North wing" });
      return storeId;
    },
    /** Adds a product. @returns its id */
    addProduct: async (product: Partial<Added>): Promise<string> => {
      const productId = uuidv7();
      const data = {
        productId,
        storeId: uuidv7(),
        name: "Thing",
        description: "",
        sku: "X-1",
        price: money(100),
      };
      await tell(stores.ProductAdded, { ...data, ...product });
      return productId;
    },
    /** Places an order. @returns what was placed */
    placeOrder: async (order: Partial<Placed>): Promise<Placed> => {
      const placed = newOrder(order);
      await tell(ordering.OrderPlaced, placed);
      return placed;
    },
    /** Places an order by a request. @returns it, and the `Consistency-Token` of the answer */
    requestOrder: async () => {
      const placed = newOrder({});
      const { headers } = await api("POST /test/orders", placed);
      return { placed, token: headers.get("consistency-token") ?? "" };
    },
    /** Waits until the search has handled everything that was told. */
    settle: () =>
      until("the search has caught up", async () => {
        const { pool } = host.application.host.runtime("search");
        const { rows } = await pool.query(
          `select not exists (select from (
             select 'stores' as source, partition, position from stores.tidings_outbox
             union all select 'ordering', partition, position from ordering.tidings_outbox
           ) o where o.position > (select max(c.position) from search.tidings_cursors c
             where c.source = o.source and c.partition = o.partition)) as done`,
        );
        return rows[0].done as boolean;
      }),
    close: () => host.close(),
  };
}

export function itemOf(storeId: string, productId: string): Placed["items"][number] {
  const names = { productName: "Travelling ink", storeName: "The Paper Lantern" };
  return { ...names, storeId, productId, quantity: 2, price: money(250) };
}

/** A page as the API answers it. */
export interface Found<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** All items of a list, page by page. */
export async function readAll<Item>(api: Api, path: `/${string}`, limit = 2): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const more: string = cursor && `&cursor=${cursor}`;
    const { body, status } = await api<Found<Item>>(`GET ${path}&limit=${limit}${more}`);
    if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`);
    items.push(...body.items);
    cursor = body.next;
  }
  return items;
}
