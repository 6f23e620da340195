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
  type Transaction,
} from "tidings";
import { addItem } from "./commands/add-item.ts";
import { cancelBasket } from "./commands/cancel-basket.ts";
import { checkOut } from "./commands/check-out.ts";
import { removeItem } from "./commands/remove-item.ts";
import { startBasket } from "./commands/start-basket.ts";
import { tooMany } from "./decide-basket.ts";
import { AddItem, CheckOut, ItemParams, RemoveItem, StartBasket } from "./schemas.ts";
import { findBasket } from "./views/find-basket.ts";

/** The routes of the baskets. */
export function http(app: ServiceHttp): void {
  startAndRead(app);
  changeItems(app);
  endBaskets(app);
}

function startAndRead(app: ServiceHttp): void {
  app.post("/api/baskets", { schema: { body: StartBasket } }, (request) =>
    request.transaction(async (tx) => {
      const started = await startBasket(tx, request.body.customerId);
      if (isRefusal(started)) return started;
      const { basket, version } = await shown(tx, started);
      return created(`/api/baskets/${started}`, basket, { version });
    }),
  );

  app.get("/api/baskets/:id", { schema: { params: IdParams } }, async (request, reply) => {
    const found = await findBasket(request.sql.bind(request), request.params.id);
    if (!found) return notFound("basket", request.params.id);
    reply.header("etag", `"${found.version}"`);
    return found.basket;
  });
}

function changeItems(app: ServiceHttp): void {
  app.post("/api/baskets/:id/items", { schema: { params: IdParams, body: AddItem } }, (request) =>
    request.transaction(async (tx) => {
      const target = { basketId: request.params.id, expectedVersion: request.expectedVersion };
      return changed(tx, await addItem(tx, target, request.body));
    }),
  );

  app.delete(
    "/api/baskets/:id/items/:productId",
    { schema: { params: ItemParams, querystring: RemoveItem } },
    (request) =>
      request.transaction(async (tx) => {
        const { id, productId } = request.params;
        const target = { basketId: id, expectedVersion: request.expectedVersion };
        return changed(tx, await removeItem(tx, target, { productId, quantity: request.query.quantity }));
      }),
  );
}

function endBaskets(app: ServiceHttp): void {
  app.delete("/api/baskets/:id", { schema: { params: IdParams } }, (request) =>
    request.transaction(async (tx) => {
      const target = { basketId: request.params.id, expectedVersion: request.expectedVersion };
      return changed(tx, await cancelBasket(tx, target));
    }),
  );

  const workflow = { waitsForOperation: true };
  app.post(
    "/api/baskets/:id/checkout",
    { schema: { params: IdParams, body: CheckOut }, config: workflow },
    (request) =>
      request.transaction(async (tx) => {
        const target = { basketId: request.params.id, expectedVersion: request.expectedVersion };
        const operation = await checkOut(tx, target, request.body);
        return isRefusal(operation) ? operation : accepted(operation);
      }),
  );
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
