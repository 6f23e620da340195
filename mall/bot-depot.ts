import type { Api, ApiAnswer } from "@mall/common/http-client";

/** A bot, as far as bots care. */
export interface Bot {
  readonly id: string;
  readonly name: string;
  readonly status: "idle" | "active";
}

/** A shopping list, as far as bots care. */
export interface ShoppingList {
  readonly id: string;
  readonly status: string;
  readonly botId?: string;
  readonly stops: readonly { readonly storeId: string; readonly collected: boolean }[];
}

/** What bots ask of the depot, over HTTP. Everything throws an Error when the depot answers anything unexpected. */
export interface DepotClient {
  bots(): Promise<Bot[]>;
  addBot(name: string): Promise<Bot>;
  /** The oldest lists that nobody has, at most so many. */
  available(limit: number): Promise<ShoppingList[]>;
  /** The list that a bot has, if it has one. */
  listOf(bot: Bot): Promise<ShoppingList | undefined>;
  /** Gives a list to a bot. @returns it, or undefined when somebody else was faster */
  assign(list: ShoppingList, bot: Bot): Promise<ShoppingList | undefined>;
  collect(list: ShoppingList, storeId: string): Promise<void>;
  complete(list: ShoppingList): Promise<void>;
}

/** The depot behind an API that lets us in as the depot's. */
export function depotClient(api: Api): DepotClient {
  return {
    bots: () => readAll(api, "/api/bots"),
    addBot: async (name) => expected(await api<Bot>("POST /api/bots", { name }), 201),
    available: async (limit) => {
      const route = `GET /api/shopping-lists?status=available&limit=${limit}` as const;
      return expected(await api<PageAnswer<ShoppingList>>(route), 200).items;
    },
    listOf: async (bot) => {
      const assigned = await readAll<ShoppingList>(api, "/api/shopping-lists?status=assigned");
      return assigned.find(({ botId }) => botId === bot.id);
    },
    assign: async (list, bot) => {
      const route = `POST /api/shopping-lists/${list.id}/assign` as const;
      const answer = await api<ShoppingList & { rule?: string }>(route, { botId: bot.id });
      return answer.body.rule === "list-is-not-available" ? undefined : expected(answer, 200);
    },
    collect: async (list, storeId) => {
      expected(await api(`POST /api/shopping-lists/${list.id}/stops/${storeId}/collect`), 200);
    },
    complete: async (list) => {
      expected(await api(`POST /api/shopping-lists/${list.id}/complete`), 200);
    },
  };
}

interface PageAnswer<Item> {
  readonly items: Item[];
  readonly next: string | null;
}

async function readAll<Item>(api: Api, path: `/${string}`): Promise<Item[]> {
  const items: Item[] = [];
  const more = `${path.includes("?") ? "&" : "?"}limit=200`;
  for (let cursor = ""; ; ) {
    const page = expected(await api<PageAnswer<Item>>(`GET ${path}${more}${cursor}`), 200);
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
}

function expected<Body>({ status, body }: ApiAnswer<Body>, wanted: number): Body {
  if (status !== wanted) throw new Error(`The depot answered ${status}: ${JSON.stringify(body)}`);
  return body;
}
