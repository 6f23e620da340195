import { mayActFor } from "@mall/common/access";
import { IdParams } from "@mall/common/id";
import {
  type AggregateRoot,
  accepted,
  created,
  isRefusal,
  notFound,
  ok,
  Problem,
  type Refusal,
  type ServiceHttp,
  type ServiceRequest,
  type Transaction,
} from "tidings";
import { Basket } from "./basket.ts";
import { addItem } from "./commands/add-item.ts";
import { cancelBasket } from "./commands/cancel-basket.ts";
import type { BasketTarget } from "./commands/change-basket.ts";
import { checkOut } from "./commands/check-out.ts";
import { removeItem } from "./commands/remove-item.ts";
import { startBasket } from "./commands/start-basket.ts";
import { tooMany } from "./decide-basket.ts";
import { AddItem, BasketResource, CheckOut, ItemParams, RemoveItem, StartBasket } from "./schemas.ts";
import { findBasket } from "./views/find-basket.ts";

const config = { access: ["shopper"] } as const;
const tags = ["baskets"];
const resource = { tags, params: IdParams, response: { 200: BasketResource } };

/** The routes of the baskets. */
export function http(app: ServiceHttp): void {
  startAndRead(app);
  changeItems(app);
  cancelBaskets(app);
  checkBasketsOut(app);
}

function startAndRead(app: ServiceHttp): void {
  const start = { summary: "Opens a basket.", tags, body: StartBasket, response: { 201: BasketResource } };
  app.post("/api/baskets", { config, schema: start }, (request) =>
    request.transaction(async (tx) => {
      const { customerId } = request.body;
      if (!mayActFor(request, customerId)) return notFound("customer", customerId);
      const started = await startBasket(tx, customerId);
      if (isRefusal(started)) return started;
      const { basket, version } = await shown(tx, started);
      return created(`/api/baskets/${started}`, basket, { version });
    }),
  );

  const read = { ...resource, summary: "One basket." };
  app.get("/api/baskets/:id", { config, schema: read }, async (request, reply) => {
    const found = await findBasket(request.sql.bind(request), request.params.id);
    if (!found || !mayActFor(request, found.basket.customerId)) {
      return notFound("basket", request.params.id);
    }
    reply.header("etag", `"${found.version}"`);
    return found.basket;
  });
}

function changeItems(app: ServiceHttp): void {
  const add = { ...resource, summary: "Puts units of a product into a basket.", body: AddItem };
  app.post("/api/baskets/:id/items", { config, schema: add }, (request) =>
    request.transaction(async (tx) => {
      const target = await targetOf(request, tx, request.params.id);
      return isRefusal(target) ? target : changed(tx, await addItem(tx, target, request.body));
    }),
  );

  const remove = {
    ...resource,
    summary: "Takes units of a product, or all of them, out of a basket.",
    params: ItemParams,
    querystring: RemoveItem,
  };
  app.delete("/api/baskets/:id/items/:productId", { config, schema: remove }, (request) =>
    request.transaction(async (tx) => {
      const { id, productId } = request.params;
      const target = await targetOf(request, tx, id);
      if (isRefusal(target)) return target;
      return changed(tx, await removeItem(tx, target, { productId, quantity: request.query.quantity }));
    }),
  );
}

function cancelBaskets(app: ServiceHttp): void {
  const schema = { ...resource, summary: "Gives a basket up." };
  app.delete("/api/baskets/:id", { config, schema }, (request) =>
    request.transaction(async (tx) => {
      const target = await targetOf(request, tx, request.params.id);
      return isRefusal(target) ? target : changed(tx, await cancelBasket(tx, target));
    }),
  );
}

function checkBasketsOut(app: ServiceHttp): void {
  const schema = { summary: "Orders what is in a basket.", tags, params: IdParams, body: CheckOut };
  app.post(
    "/api/baskets/:id/checkout",
    { config: { ...config, waitsForOperation: true }, schema },
    (request) =>
      request.transaction(async (tx) => {
        const target = await targetOf(request, tx, request.params.id);
        if (isRefusal(target)) return target;
        const operation = await checkOut(tx, target, request.body);
        return isRefusal(operation) ? operation : accepted(operation);
      }),
  );
}

/** The basket that a request means, or the refusal when it belongs to somebody else. */
async function targetOf(
  request: ServiceRequest,
  tx: Transaction,
  basketId: string,
): Promise<BasketTarget | Refusal> {
  const { state, version } = await tx.load(Basket, basketId);
  if (version > 0 && !mayActFor(request, state.customerId)) return notFound("basket", basketId);
  return { basketId, expectedVersion: request.expectedVersion };
}

async function changed(tx: Transaction, outcome: AggregateRoot<unknown> | Refusal) {
  if (outcome === tooMany) throw quantityProblem(tooMany.detail);
  if (isRefusal(outcome)) return outcome;
  const { basket, version } = await shown(tx, outcome.id);
  return ok(basket, { version });
}

/** What is wrong is a value of the request, as its schema would have said if it knew the basket. */
function quantityProblem(detail: string): Problem {
  return new Problem("validation-failed", undefined, { errors: [{ pointer: "/quantity", detail }] });
}

/** The basket that this transaction has just changed. */
async function shown(tx: Transaction, id: string) {
  const found = await findBasket(tx.query.bind(tx), id);
  if (!found) throw new Error(`The view of the basket ${id} is missing.`);
  return found;
}
