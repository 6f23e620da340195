import { httpClient } from "@mall/common/http-client";
import { money } from "@mall/common/money";
import * as storeContracts from "@mall/stores/contract";
import { startTestHost, until } from "@tidings/testing";
import {
  type ApplicationOptions,
  type CommandContract,
  defineService,
  type EventContract,
  type Message,
  on,
  onReply,
  uuidv7,
} from "tidings";
import { z } from "zod";
import { asOperator } from "../../access.fixture.ts";
import * as contracts from "./contract.ts";
import { depot } from "./service.ts";

/** A shopping list as the API answers it. */
export interface ListAnswer {
  readonly id: string;
  readonly orderId: string;
  readonly status: string;
  readonly botId?: string;
  readonly stops: readonly {
    readonly storeId: string;
    readonly storeName: string;
    readonly location: string;
    readonly collected: boolean;
    readonly items: readonly {
      readonly productId: string;
      readonly productName: string;
      readonly quantity: number;
    }[];
  }[];
}

/** A bot as the API answers it. */
export interface BotAnswer {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

/** The reply to a command: its data, and when it was recorded. */
export interface ReplyAnswer {
  readonly data: {
    readonly outcome: string;
    readonly rule?: string;
    readonly result?: Record<string, string>;
  };
  readonly time: string;
}

type Event = { readonly type: string; readonly data: unknown };
const commands = [contracts.CreateShoppingList, contracts.InitiateShopping, contracts.CancelShoppingList];
const events = Object.values<EventContract | CommandContract>(contracts).filter(
  ({ kind }) => kind === "event",
);
const Recorded = z.object({ messages: z.array(z.object({ type: z.string(), data: z.unknown() })) });

function contractNamed<C extends EventContract | CommandContract>(from: readonly C[], type: string): C {
  const contract = from.find((one) => one.type.endsWith(`.${type}`));
  if (!contract) throw new Error(`There is no ${type}.`);
  return contract;
}

/** Stands for the stores: publishes what it is told over HTTP. */
const storeEvents = Object.values<EventContract>(storeContracts);
const stores = defineService("stores", {
  publishes: storeEvents,
  http: (app) => {
    app.post("/stores", { schema: { body: Recorded } }, (request) =>
      request.transaction(async (tx) => {
        const { messages } = request.body;
        return { ids: messages.map(({ type, data }) => tx.publish(contractNamed(storeEvents, type), data)) };
      }),
    );
  },
});

/** Stands for whoever sends commands: sends what it is told over HTTP, and keeps the replies and all events. */
function senderNamed(name: string, replies: Map<string, ReplyAnswer>, hear: (event: Message) => void) {
  return defineService(name, {
    sends: commands,
    reacts: [
      ...(events as EventContract[]).map((event) => on(event, hear)),
      ...(commands as CommandContract[]).map((command) =>
        onReply(command, ({ causationId, data, time }) => {
          replies.set(String(causationId), { data: data as ReplyAnswer["data"], time });
        }),
      ),
    ],
    http: (app) => {
      app.post(`/${name}`, { schema: { body: Recorded } }, (request) =>
        request.transaction(async (tx) => {
          const { messages } = request.body;
          const known = commands as CommandContract[];
          return { ids: messages.map(({ type, data }) => tx.send(contractNamed(known, type), data)) };
        }),
      );
    },
  });
}

/** The depot at work, with stand-ins for the stores and for two services that send it commands. */
export async function startDepot(options: Pick<ApplicationOptions, "probe"> = {}) {
  const replies = new Map<string, ReplyAnswer>();
  const heard = new Map<string, Event>();
  const hear = ({ id, type, data }: Message) =>
    void heard.set(id, { type: type.replace("depot.", ""), data });
  const routes: { url: string; access: unknown; summary: unknown }[] = [];
  const http: typeof asOperator = async (app) => {
    await asOperator(app);
    app.addHook("onRoute", ({ url, method, config, schema }) => {
      const { summary } = (schema ?? {}) as { summary?: string };
      if (/^\/api\/(bots|shopping-lists)/.test(url) && method !== "HEAD")
        routes.push({ url, access: config?.access, summary });
    });
  };
  const senders = ["checkout", "rival"].map((name) => senderNamed(name, replies, hear));
  const host = await startTestHost([stores, depot, ...senders], { http, ...options });
  const api = httpClient(host.url);

  /** Has one of the stand-ins record messages, in one transaction. @returns their ids */
  async function record(service: string, ...messages: Event[]): Promise<string[]> {
    return (await api<{ ids: string[] }>(`POST /${service}`, { messages })).body.ids;
  }
  /** Has the stores publish events, and waits until the depot has heard them. */
  async function publish(...messages: Event[]): Promise<void> {
    const { headers } = await api("POST /stores", { messages });
    const token = { "consistency-token": headers.get("consistency-token") ?? "" };
    await until("the depot has heard of it", async () => {
      return (await api("GET /api/bots", undefined, token)).status === 200;
    });
  }
  /** What the depot has told about an order, in order. */
  const told = (orderId: string) =>
    [...heard.values()].filter(({ data }) => (data as { orderId?: string }).orderId === orderId);
  const replyTo = (id: string) => until("the reply arrives", () => replies.get(id), { timeout: 20_000 });

  return {
    api,
    record,
    publish,
    replyTo,
    close: () => host.close(),
    /** The routes of the depot. */
    routes,
    told,
    /** Waits until the depot has told this about an order. @returns the types of what it has told, in order */
    toldUntil: (orderId: string, last: string) =>
      until(`${last} is told`, () => {
        const types = told(orderId).map(({ type }) => type);
        return types.includes(last) && types;
      }),
    /** Sends one command and waits for its reply. */
    ask: async (type: string, data: unknown) => {
      const [id = ""] = await record("checkout", { type, data });
      return (await replyTo(id)).data;
    },
  };
}

export type Depot = Awaited<ReturnType<typeof startDepot>>;

let count = 0;

/** The events of a new store and a new product in it. */
export function newProduct(storeId = uuidv7(), storeName = "The Paper Lantern") {
  const productId = uuidv7();
  const product = { name: "Ink", description: "", sku: `I-${++count}`, price: money(10) };
  return {
    storeId,
    productId,
    opened: { type: "StoreOpened", data: { storeId, name: storeName, location: "North wing" } },
    added: { type: "ProductAdded", data: { productId, storeId, ...product } },
  };
}

/** A product that the depot knows. */
export async function knownProduct(depot: Depot, ...place: Parameters<typeof newProduct>) {
  const product = newProduct(...place);
  await depot.publish(product.opened, product.added);
  return product;
}

/** A list of a new order, pending. @returns the list and its order */
export async function createList(depot: Depot, ...productIds: readonly string[]) {
  const orderId = uuidv7();
  const items = productIds.map((productId) => ({ productId, quantity: 2 }));
  const { result } = await depot.ask("CreateShoppingList", { orderId, items });
  if (!result?.shoppingListId) throw new Error("The list was not created.");
  return { orderId, listId: result.shoppingListId };
}

/** A list of a new order that bots may take. */
export async function availableList(depot: Depot, ...productIds: readonly string[]) {
  const created = await createList(depot, ...productIds);
  await depot.ask("InitiateShopping", { shoppingListId: created.listId, orderId: created.orderId });
  return created;
}

/** A bot without a list. @returns its id */
export async function addBot({ api }: Depot): Promise<string> {
  return (await api<BotAnswer>("POST /api/bots", { name: "Trundle" })).body.id;
}
