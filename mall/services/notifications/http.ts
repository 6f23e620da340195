import { mayActFor } from "@mall/common/access";
import { IdParams } from "@mall/common/id";
import { notFound, type ServiceHttp } from "tidings";
import { isCustomer, listNotifications } from "./inbox.ts";
import { ListNotifications, NotificationPage } from "./schemas.ts";

/** The route of the shoppers' inboxes. */
export function http(app: ServiceHttp): void {
  app.get(
    "/api/customers/:id/notifications",
    {
      config: { access: ["shopper"] },
      schema: {
        summary: "List what a shopper was told about its orders, the newest first.",
        tags: ["notifications"],
        params: IdParams,
        querystring: ListNotifications,
        response: { 200: NotificationPage },
      },
    },
    async (request) => {
      const { id } = request.params;
      const query = request.sql.bind(request);
      if (!mayActFor(request, id) || !(await isCustomer(query, id))) return notFound("customer", id);
      return listNotifications(query, id, request.query.page);
    },
  );
}
