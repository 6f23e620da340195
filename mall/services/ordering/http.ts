import { mayActFor } from "@mall/common/access";
import { IdParams } from "@mall/common/id";
import { accepted, isRefusal, notFound, type ServiceHttp, type ServiceRequest } from "tidings";
import { cancelOrder } from "./commands/cancel-order.ts";
import { HistoryPage, ListHistory, OrderResource } from "./schemas.ts";
import { listHistory } from "./views/history.ts";
import { findOrder } from "./views/orders.ts";

const config = { access: ["shopper"] } as const;
const tags = ["orders"];

/** The routes of the orders. */
export function http(app: ServiceHttp): void {
  const one = { summary: "One order.", tags, params: IdParams, response: { 200: OrderResource } };
  app.get("/api/orders/:id", { config, schema: one }, async (request, reply) => {
    const found = await visibleOrder(request, request.params.id);
    if (!found) return notFound("order", request.params.id);
    reply.header("etag", `"${found.version}"`);
    return found.order;
  });

  const history = {
    summary: "What happened to an order, in order.",
    tags,
    params: IdParams,
    querystring: ListHistory,
    response: { 200: HistoryPage },
  };
  app.get("/api/orders/:id/history", { config, schema: history }, async (request) => {
    const { id } = request.params;
    if (!(await visibleOrder(request, id))) return notFound("order", id);
    return listHistory(request, id, request.query.page);
  });

  const cancel = {
    summary: "Cancels an order, unless its goods are being collected.",
    tags,
    params: IdParams,
  };
  const waiting = { ...config, waitsForOperation: true };
  app.post("/api/orders/:id/cancel", { config: waiting, schema: cancel }, (request) =>
    request.transaction(async (tx) => {
      const maySee = (customerId: string) => mayActFor(request, customerId);
      const { expectedVersion } = request;
      const operation = await cancelOrder(tx, request.params.id, { maySee, expectedVersion });
      return isRefusal(operation) ? operation : accepted(operation);
    }),
  );
}

/** One order, or undefined when there is none or it is not the caller's to see. */
async function visibleOrder(request: ServiceRequest, id: string) {
  const found = await findOrder(request.sql.bind(request), id);
  return found && mayActFor(request, found.order.customerId) ? found : undefined;
}
