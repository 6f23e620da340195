import { IdParams } from "@mall/common/id";
import { notFound, type ServiceHttp } from "tidings";
import { isCustomer, listNotifications } from "./inbox.ts";
import { ListNotifications } from "./schemas.ts";

/** The route of the shoppers' inboxes. */
export function http(app: ServiceHttp): void {
  app.get(
    "/api/customers/:id/notifications",
    { schema: { params: IdParams, querystring: ListNotifications } },
    async (request) => {
      const { id } = request.params;
      const query = request.sql.bind(request);
      if (!(await isCustomer(query, id))) return notFound("customer", id);
      return listNotifications(query, id, request.query.page);
    },
  );
}
