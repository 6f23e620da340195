import { IdParams } from "@mall/common/id";
import { created, isRefusal, notFound, ok, type Refusal, type ServiceHttp } from "tidings";
import type { z } from "zod";
import type { Bot } from "./bot.ts";
import { findBot, listBots } from "./bot-table.ts";
import { addBot } from "./commands/add-bot.ts";
import { assignShoppingList } from "./commands/assign-shopping-list.ts";
import { collectListStop } from "./commands/collect-list-stop.ts";
import { completeShoppingList } from "./commands/complete-shopping-list.ts";
import {
  AddBot,
  AssignShoppingList,
  BotPage,
  BotResource,
  ListBots,
  ListShoppingLists,
  ShoppingListPage,
  ShoppingListResource,
  StopParams,
} from "./schemas.ts";
import type { ShoppingList } from "./shopping-list.ts";
import { findList, findLists } from "./shopping-list-table.ts";

const config = { access: ["depot"] } as const;
const tags = ["depot"];

/** The routes of the bots and of what they collect. */
export function http(app: ServiceHttp): void {
  readBots(app);
  writeBots(app);
  readLists(app);
  writeLists(app);
}

function readBots(app: ServiceHttp): void {
  const list = {
    summary: "The bots, oldest first.",
    tags,
    querystring: ListBots,
    response: { 200: BotPage },
  };
  app.get("/api/bots", { config, schema: list }, async (request) => {
    const { items, next } = await listBots(request.sql.bind(request), request.query.page);
    return { items: items.map(botResource), next };
  });

  const one = { summary: "One bot.", tags, params: IdParams, response: { 200: BotResource } };
  app.get("/api/bots/:id", { config, schema: one }, async (request, reply) => {
    const bot = await findBot(request.sql.bind(request), request.params.id);
    if (!bot) return notFound("bot", request.params.id);
    reply.header("etag", `"${bot.version}"`);
    return botResource(bot);
  });
}

function writeBots(app: ServiceHttp): void {
  const schema = { summary: "Adds a bot.", tags, body: AddBot, response: { 201: BotResource } };
  app.post("/api/bots", { config, schema }, (request) =>
    request.transaction(async (tx) => {
      const bot = await addBot(tx, request.body);
      return created(`/api/bots/${bot.id}`, botResource(bot), { version: bot.version });
    }),
  );
}

function readLists(app: ServiceHttp): void {
  const many = {
    summary: "The shopping lists, oldest first.",
    tags,
    querystring: ListShoppingLists,
    response: { 200: ShoppingListPage },
  };
  app.get("/api/shopping-lists", { config, schema: many }, async (request) => {
    const { items, next } = await findLists(request.sql.bind(request), request.query);
    return { items: items.map(listResource), next };
  });

  const one = {
    summary: "One shopping list.",
    tags,
    params: IdParams,
    response: { 200: ShoppingListResource },
  };
  app.get("/api/shopping-lists/:id", { config, schema: one }, async (request, reply) => {
    const list = await findList(request.sql.bind(request), request.params.id);
    if (!list) return notFound("shopping list", request.params.id);
    reply.header("etag", `"${list.version}"`);
    return listResource(list);
  });
}

function writeLists(app: ServiceHttp): void {
  const response = { 200: ShoppingListResource };
  const assign = {
    summary: "Gives an available list to an idle bot.",
    tags,
    params: IdParams,
    body: AssignShoppingList,
    response,
  };
  app.post("/api/shopping-lists/:id/assign", { config, schema: assign }, (request) =>
    request.transaction(async (tx) => {
      const { params, body, expectedVersion } = request;
      return changed(await assignShoppingList(tx, params.id, { ...body, expectedVersion }));
    }),
  );

  const collect = { summary: "The goods of one store are collected.", tags, params: StopParams, response };
  app.post("/api/shopping-lists/:id/stops/:storeId/collect", { config, schema: collect }, (request) =>
    request.transaction(async (tx) => {
      const { params, expectedVersion } = request;
      const { id, storeId } = params;
      return changed(await collectListStop(tx, id, { storeId, expectedVersion }));
    }),
  );

  const complete = { summary: "All goods of a list are collected.", tags, params: IdParams, response };
  app.post("/api/shopping-lists/:id/complete", { config, schema: complete }, (request) =>
    request.transaction(async (tx) => {
      const { params, expectedVersion } = request;
      return changed(await completeShoppingList(tx, params.id, { expectedVersion }));
    }),
  );
}

function changed(outcome: ShoppingList | Refusal) {
  return isRefusal(outcome) ? outcome : ok(listResource(outcome), { version: outcome.version });
}

function botResource({ version: _, ...resource }: Bot): z.infer<typeof BotResource> {
  return resource;
}

function listResource({ id, orderId, status, botId, stops }: ShoppingList) {
  return { id, orderId, status, ...(botId !== null && { botId }), stops };
}
