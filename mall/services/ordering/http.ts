import { IdParams } from "@mall/common/id";
import { notFound, type ServiceHttp } from "tidings";
import { ListHistory } from "./schemas.ts";
import { listHistory } from "./views/history.ts";
import { findOrder } from "./views/orders.ts";

/** The routes of the orders. */
export function http(app: ServiceHttp): void {
  app.get("/api/orders/:id", { schema: { params: IdParams } }, async (request, reply) => {
    const found = await findOrder(request.sql.bind(request), request.params.id);
    if (!found) return notFound("order", request.params.id);
    reply.header("etag", `"${found.version}"`);
    return found.order;
  });

  app.get(
    "/api/orders/:id/history",
    { schema: { params: IdParams, querystring: ListHistory } },
    async (request) => {
      const { id } = request.params;
      if (!(await findOrder(request.sql.bind(request), id))) return notFound("order", id);
      return listHistory(request, id, request.query.page);
    },
  );
}
